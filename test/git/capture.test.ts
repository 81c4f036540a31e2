import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FidelityBed, type Outcome } from '../fixtures/fidelityBed.ts';
import { makeGround, type Ground } from '../fixtures/fidelityGrounds.ts';
import { photographFiles, removeDirectory, temporaryDirectory, type Photograph } from '../fixtures/repository.ts';

let directory: string;
let bed: FidelityBed;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await bed.close();
  removeDirectory(directory);
});

async function open(ground: Ground): Promise<void> {
  bed = await FidelityBed.open(join(directory, 'bed'), makeGround(join(directory, 'repository'), ground));
}

/** The paths of a proven patch, or why there is none. */
function told(outcome: Outcome): readonly string[] | string {
  if (outcome.kind === 'refused') return `${outcome.failure.code}: ${outcome.failure.message}`;
  return outcome.changes.map((change) => change.split(' ').slice(2).join(' '));
}

const run = async (script: string, setup?: string): Promise<readonly string[] | string> =>
  told(await bed.run({ script, setup }));

/** What a job that does nothing finds. */
async function found(): Promise<Photograph> {
  let seen: Photograph = {};
  await bed.run({
    script: 'true',
    look: (root) => {
      seen = photographFiles(root);
    },
  });
  return seen;
}

describe('files under rules that they were not committed by', () => {
  it('are in no patch of a job that leaves them alone, in a new slot as in a warm one', async () => {
    await open('attributes');
    expect(await run('echo x >> README')).toEqual(['README']);
    expect(await run('echo x >> README')).toEqual(['README']);
    expect(await run('touch old.txt id.c wide.u16; echo x >> README')).toEqual(['README']);
  });

  it('are in it with all that the rules make of them once they are changed', async () => {
    await open('attributes');
    expect(await run(`printf 'three\\r\\n' >> old.txt; chmod +x a/old.txt`)).toEqual(['a/old.txt', 'old.txt']);
  });

  it('are in no patch that changes the rules alone', async () => {
    await open('attributes');
    expect(await run('echo "* -text" > .gitattributes')).toEqual(['.gitattributes']);
    expect(await run('rm .gitattributes')).toEqual(['.gitattributes']);
  });
});

it('goes by no rules that the executor took away', async () => {
  await open('attributes');
  // As UTF-8 it would be "a": the file that was made is in UTF-16.
  const wide = `printf '\\377\\376a\\000' > zz.u16; touch README`;
  const outcome = await bed.run({ script: `rm .gitattributes; ${wide}` });
  expect(told(outcome)).toEqual(['.gitattributes', 'zz.u16']);
  const patch = outcome.kind === 'proven' ? outcome.patch.toString() : '';
  expect(patch).not.toContain('+a');
});

describe('a fifo that git would wait for', () => {
  it.each(['.gitignore', '.gitattributes', 'a/.gitignore', 'a/b/.gitattributes'])(
    'is refused by its name, and gone for the next: %s',
    async (path) => {
      await open('names');
      const made = await run(`rm -f ${path}; mkfifo ${path}; echo x >> README`);
      expect(made).toBe(
        `BAD_ARTIFACTS: A patch cannot carry "${path}" (a fifo, socket or device). Have the task remove or ignore it.`,
      );
      expect(await run('echo x >> README')).toEqual(['README']);
    },
  );
});

describe('the folder of a submodule', () => {
  it('may hold nothing that only looks like a repository', async () => {
    await open('attributes');
    for (const script of ['mkdir sub/.git; echo x > sub/f', 'echo x > sub/.GIT', 'git init -q sub; echo x > sub/f']) {
      expect(await run(script)).toMatch(/BAD_ARTIFACTS.*"sub" \(files in the folder of a submodule\)/);
    }
  });

  it('may not become a link, whatever the link leads to', async () => {
    await open('attributes');
    expect(await run('rmdir sub; ln -s a sub')).toMatch(/POLICY.*submodule "sub"/);
  });
});

it('is refused by name where a link takes the place of a .gitmodules that git knows', async () => {
  await open('attributes');
  const refused = /BAD_ARTIFACTS.*"\.gitmodules" \(a link where git reads/;
  expect(await run('ln -sf a .gitmodules')).toMatch(refused);
  expect(await run('ln -sf a .gitmodules; echo .gitmodules > .gitignore')).toMatch(refused);
});

describe('what setup left', () => {
  it('is in no patch, even if the executor changes it where it is ignored', async () => {
    await open('names');
    const script = 'echo built.txt > .gitignore; echo more >> built.txt';
    expect(await run(script, 'echo x > built.txt')).toEqual(['.gitignore']);
  });

  it('gives way where the executor changed a file in a folder that setup made of a file', async () => {
    await open('names');
    expect(await run('echo x > b.txt/in', 'rm b.txt; mkdir b.txt; echo y > b.txt/in')).toEqual(['b.txt', 'b.txt/in']);
  });
});

describe('the next job finds', () => {
  it.each(['names', 'sha256'] as const)(
    'files with the permissions of a checkout, at whatever moment they lost them: %s',
    async (ground) => {
      await open(ground);
      const before = await found();
      for (let round = 0; round < 5; round++) {
        // Written anew by the reset, and changed by the next job well within a second of it.
        expect(await run('echo x >> README; echo x >> "a b/trails "')).toEqual(['README', 'a b/trails ']);
        expect(await run('chmod 600 README "a b/trails "; ln README linked; rm linked')).toEqual([]);
        expect(await found()).toEqual(before);
      }
    },
  );

  it('files that no rules of the last have touched', async () => {
    await open('names');
    const before = await found();
    const rules = 'echo "*.txt text eol=crlf" > .gitattributes; cp .gitattributes a; echo x >> b.txt';
    expect(await run(rules)).toEqual(['.gitattributes', 'a/.gitattributes', 'b.txt']);
    expect(await found()).toEqual(before);
  });
});

it('carries files without lines in folders whose names end with a space', async () => {
  await open('names');
  const script = `mkdir -p 'x /b' 'a b/c '; : > 'x /a'; : > 'x /b/ b'; : > 'a b/c /d'; printf '\\000' > 'x /bin'; chmod +x 'a b/trails '; rm -r ' leads'`;
  const paths = [' leads/:colon/#', 'a b/trails ', 'a b/c /d', 'x /a', 'x /b/ b', 'x /bin'].toSorted();
  expect(await run(script)).toEqual(paths);
});
