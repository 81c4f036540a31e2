import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, Git } from '../../src/git/git.ts';
import { theirsEnvironment } from '../../src/git/environment.ts';

/** A small project of the kind that a codemod is for: `new Buffer(…)` has been deprecated since Node 6. */
const files: Readonly<Record<string, string>> = {
  'README.md': `# Postcards

Packs short greetings for the wire. A sample: \`npm start\` makes it anew.
`,
  'package.json': `{
  "name": "postcards",
  "private": true,
  "type": "module",
  "scripts": { "test": "node test.js" }
}
`,
  'src/pack.js': `/** A greeting as base64. */
export function pack(greeting) {
  return new Buffer(greeting, 'utf8').toString('base64');
}
`,
  'src/unpack.js': `/** The greeting in a base64 text. */
export function unpack(text) {
  return new Buffer(text, 'base64').toString('utf8');
}
`,
  'src/size.js': `/** Bytes that a greeting takes. */
export function size(greeting) {
  return new Buffer(greeting).length;
}
`,
  'test.js': `import assert from 'node:assert/strict';
import { pack } from './src/pack.js';
import { size } from './src/size.js';
import { unpack } from './src/unpack.js';

assert.equal(unpack(pack('Grüße aus Köln')), 'Grüße aus Köln');
assert.equal(size('Grüße'), 7);
console.log('2 tests passed');
`,
  'codemods/buffer-from.js': `// Writes Buffer.from(…) in place of new Buffer(…) in all files below src.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

for (const name of readdirSync('src')) {
  const path = \`src/\${name}\`;
  const before = readFileSync(path, 'utf8');
  const after = before.replaceAll('new Buffer(', 'Buffer.from(');
  if (after !== before) {
    writeFileSync(path, after);
    console.log(\`rewrote \${path}\`);
  }
}
`,
};

/** Makes the sample's repository with one commit in place of whatever is at `directory`; answers the commit's id. */
export async function makeSample(directory: string, environment: NodeJS.ProcessEnv): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const git = new Git({ ...theirsEnvironment(environment), ...identity });
  const told = async (args: readonly string[]): Promise<string> => {
    const done = await git.text(args, { cwd: directory });
    if (!done.ok) throw new Error(`The sample repository could not be made: ${describe(done.error)}`);
    return done.value;
  };
  await told(['init', '--quiet', '--initial-branch=main']);
  await told(['add', '--all']);
  await told(['-c', 'commit.gpgSign=false', 'commit', '--quiet', '--no-verify', '-m', 'Postcards']);
  return told(['rev-parse', 'HEAD']);
}

/** The sample's commit must not depend on whether the user has told git who they are. */
const identity = {
  GIT_AUTHOR_NAME: 'Sample',
  GIT_AUTHOR_EMAIL: 'sample@example.invalid',
  GIT_COMMITTER_NAME: 'Sample',
  GIT_COMMITTER_EMAIL: 'sample@example.invalid',
};
