import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { edits, script, type Edit } from '../fixtures/editScript.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  git,
  gitWith,
  makeRepository,
  photographFiles,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

/** RELAY_ROUND_TRIPS=1000 npx vitest run test/host/roundTrip for more. */
const RUNS = Number(process.env['RELAY_ROUND_TRIPS'] ?? 40);

let directory: string;
let repository: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    README: 'one\ntwo\nthree\n',
    'a/b/x;y': 'deep\n',
    'b.txt': 'b\n',
  });
  // What the scripts start from is made by one of their kind.
  run(repository, start);
  git(repository, 'add', '--all');
  git(repository, 'commit', '-qm', 'start');
  git(directory, 'clone', '-q', repository, join(directory, 'clone'));
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

const start: readonly Edit[] = [
  { kind: 'write', path: 'two\nlines/bad\xff\xfe', content: 'one\ntwo\nthree\n', mode: '755' },
  { kind: 'write', path: 'it\'s/"quoted"', content: '\0\x01\x02', mode: '644' },
  { kind: 'write', path: 'a b/trails ', content: 'no newline', mode: '644' },
  { kind: 'write', path: '-n', content: '', mode: '644' },
  { kind: 'link', path: '*', target: 'a b' },
  { kind: 'link', path: '~/$HOME', target: '../README' },
];

function run(root: string, all: readonly Edit[]): void {
  writeFileSync(join(directory, 'script'), script(all));
  execFileSync('/bin/sh', [join(directory, 'script')], { cwd: root });
}

/** The same edits, made without the relay: the tree that git makes of them, and the files themselves. */
function byHand(all: readonly Edit[]): { readonly tree: string; readonly files: Photograph } {
  const clone = freshClone('by-hand');
  run(clone, all);
  git(clone, 'add', '--all');
  const files = photographFiles(clone);
  const tree = git(clone, 'write-tree');
  removeDirectory(clone);
  return { tree, files };
}

/** A copy of one clone: as fresh, and sooner there. */
function freshClone(name: string): string {
  const clone = join(directory, name);
  removeDirectory(clone);
  execFileSync('cp', ['-a', join(directory, 'clone'), clone]);
  return clone;
}

/** The patch, as anybody would apply it: the tree that it makes of a fresh clone. */
function applied(patch: Buffer): string {
  const clone = freshClone('applied');
  git(clone, 'update-index', '-q', '--refresh');
  if (patch.length > 0) gitWith(clone, ['apply', '--index', '--whitespace=nowarn', '-'], { input: patch });
  const tree = git(clone, 'write-tree');
  removeDirectory(clone);
  return tree;
}

/** Git knows files, links and the executable bit: empty folders and other permissions are not its. */
function asGitSees(files: Photograph): Photograph {
  const seen = Object.entries(files).filter(([, what]) => !what.startsWith('folder'));
  return Object.fromEntries(
    seen.map(([path, what]) => [
      path,
      what.replace(/^file (\d+)/, (_all, mode: string) => `file ${isExecutable(mode) ? 'x' : '-'}`),
    ]),
  );
}

function isExecutable(mode: string): boolean {
  return (parseInt(mode, 8) & 0o100) !== 0;
}

it(
  'carries any edit to any name: the patch gives the executor’s tree anywhere, and apply and undo are exact',
  async () => {
    const before = photographRepository(repository);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(edits, async (all) => {
        const expected = byHand(all);
        number += 1;
        const file = join(directory, `script-${String(number)}`);
        writeFileSync(file, script(all));
        const job = await host.run(command(`sh ${file}`, { allowEmpty: true }));
        expect(job, job.message).toMatchObject({ state: 'SUCCEEDED' });
        const ended = must(await host.relay.events({ jobId: job.jobId })).entries.at(-1)?.event;
        expect(ended).toMatchObject({ type: 'succeeded', outcome: { resultTree: expected.tree } });
        const patch = await host.artifact(job.jobId, 'patch.diff');
        expect(applied(patch)).toBe(expected.tree);
        expect(photographRepository(repository)).toEqual(before);
        if (patch.length === 0) return;
        must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
        expect(asGitSees(photographFiles(repository))).toEqual(asGitSees(expected.files));
        must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
        expect(photographRepository(repository)).toEqual(before);
      }),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 2_000,
);
