import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { graftOf } from '../../src/git/graft.ts';
import { commit, git, gitWith, makeRepository, write } from '../fixtures/repository.ts';
import { exerciseSnapshots, must, SnapshotBed } from '../fixtures/snapshots.ts';

let bed: SnapshotBed;
let root: string;

beforeEach(async () => {
  bed = await SnapshotBed.open();
  root = makeRepository(bed.newFolder(), { 'a.txt': 'a\n', 'b.txt': 'b\n', 'dir/c.txt': 'c\n' });
});
afterEach(() => bed.dispose());

/** The files of the snapshot, with their modes; it is the tree that the user's own git makes. */
async function snapped(...more: readonly string[]): Promise<readonly string[]> {
  const { tree, mirrored } = await bed.shootInto(root);
  expect(mirrored).toBe(tree);
  expect(bed.oracle(root, ...more)).toBe(tree);
  return git(root, 'ls-tree', '-r', '--format=%(objectmode) %(path)', tree).split('\n');
}

async function refusal(largest?: number): Promise<{ readonly kind: string; readonly message: string }> {
  const shot = await bed.shoot(root, largest);
  if (shot.ok) throw new Error('it was not refused');
  return shot.error;
}

it('is the tree of the user’s own git add --all, whatever they did, and touches nothing', async () => {
  const numRuns = 100;
  expect(await exerciseSnapshots({ numRuns })).toBeGreaterThan(numRuns / 2);
}, 600_000);

describe('a snapshot', () => {
  it('is none where nothing is uncommitted', async () => {
    write(root, { 'a.txt': 'a\n' });
    expect(await bed.shoot(root)).toEqual({ ok: true, value: { tree: undefined, leftOut: [] } });
  });

  it('is made of a detached HEAD, in a linked worktree, with its own index', async () => {
    const worktree = bed.newFolder();
    git(root, 'worktree', 'add', '-q', '--detach', worktree);
    write(root, { 'a.txt': 'of the main worktree\n' });
    root = worktree;
    write(root, { 'new.txt': 'new\n' });
    git(root, 'rm', '-q', 'b.txt');
    expect(await snapped()).toEqual(['100644 a.txt', '100644 dir/c.txt', '100644 new.txt']);
  });

  it.each(['sha1', 'sha256'] as const)(
    'is made while another git has the index, without waiting: %s',
    async (format) => {
      root = makeRepository(bed.newFolder(), { 'a.txt': 'a\n' }, { objectFormat: format });
      write(root, { 'a.txt': 'a\nmore\n', '.git/index.lock': '' });
      const { tree, mirrored } = await bed.shootInto(root);
      expect(mirrored).toBe(tree);
      rmSync(join(root, '.git/index.lock'));
      expect(bed.oracle(root)).toBe(tree);
    },
  );

  it('is made of a shallow clone, and of a repository that reads the objects of another', async () => {
    commit(root);
    write(root, { 'b.txt': 'second\n' });
    commit(root);
    const from = root;
    for (const how of ['--depth=1', '--shared']) {
      root = bed.newFolder();
      git(bed.directory, 'clone', '-q', how, `file://${from}`, root);
      write(root, { 'b.txt': 'b\nmore\n', 'new.txt': 'b\n' });
      const { tree } = await bed.shootInto(root);
      expect(bed.oracle(root)).toBe(tree);
    }
  });

  it('is made where there is no index', async () => {
    rmSync(join(root, '.git/index'));
    rmSync(join(root, 'b.txt'));
    expect(await snapped()).toEqual(['100644 a.txt', '100644 dir/c.txt']);
  });

  it('runs neither hooks nor a monitor, and the user’s filters as their git add does', async () => {
    const mark = join(bed.directory, 'ran');
    const program = (line: string): string => `#!/bin/sh\n${line}\n`;
    write(root, {
      '.git/hooks/post-index-change': program(`touch ${mark}`),
      '.git/monitor': program(`touch ${mark}`),
      '.gitattributes': '*.up filter=upper\n',
      'x.up': 'shout\n',
    });
    chmodSync(join(root, '.git/hooks/post-index-change'), 0o755);
    chmodSync(join(root, '.git/monitor'), 0o755);
    bed.configure('[filter "upper"]\n\tclean = tr a-z A-Z\n\trequired = true\n');
    git(root, 'config', 'core.fsmonitor', join(root, '.git/monitor'));
    const { tree } = await bed.shootInto(root);
    expect(existsSync(mark)).toBe(false);
    git(root, 'config', '--unset', 'core.fsmonitor');
    expect(bed.oracle(root)).toBe(tree);
    expect(existsSync(mark)).toBe(true);
    expect(git(root, 'show', `${tree}:x.up`)).toBe('SHOUT');
  });

  it('says what a filter said that failed', async () => {
    write(root, { '.gitattributes': '*.up filter=upper\n', 'x.up': 'shout\n' });
    bed.configure('[filter "upper"]\n\tclean = false\n\trequired = true\n');
    expect(await refusal()).toMatchObject({
      kind: 'git',
      message: /could not be read as "git add --all" would: .*upper/,
    });
  });

  it('keeps submodules where the index has them, and leaves repositories in it out, by name', async () => {
    const other = makeRepository(bed.newFolder(), { 'x.txt': 'x\n' });
    git(root, 'submodule', '--quiet', 'add', other, 'sub');
    git(root, 'submodule', '--quiet', 'add', other, 'gone');
    commit(root);
    const before = git(root, 'ls-tree', 'HEAD', 'sub');
    write(root, { 'sub/x.txt': 'moved\n', 'new.txt': 'new\n' });
    commit(join(root, 'sub'));
    write(root, { 'sub/x.txt': 'dirty\n' });
    git(root, 'rm', '-q', 'gone');
    makeRepository(join(root, 'nested [1]'), { 'y.txt': 'y\n' });
    makeRepository(join(root, 'dir/inner'), { 'z.txt': 'z\n' });
    write(root, { 'dir/beside.txt': 'b\n' });
    mkdirSync(join(root, 'empty'));
    git(join(root, 'empty'), 'init', '-q');
    const shot = await bed.inScratch(root, async () => bed.shoot(root));
    if (!shot.ok) throw new Error(shot.error.message);
    expect(shot.value.leftOut).toEqual([
      '"dir/inner" (a repository of its own)',
      '"empty" (a repository of its own)',
      '"nested [1]" (a repository of its own)',
    ]);
    const { mirrored } = await bed.shootInto(root);
    git(root, 'add', 'new.txt', 'dir/beside.txt', '.gitmodules');
    expect(git(root, 'write-tree')).toBe(mirrored);
    expect(git(root, 'ls-tree', mirrored, 'sub')).toBe(before);
  });

  it('is whole in a sparse checkout: what is not checked out stays, what is there all the same is in it', async () => {
    git(root, 'sparse-checkout', 'set', '--cone', 'other');
    expect(existsSync(join(root, 'dir'))).toBe(false);
    write(root, { 'dir/new.txt': 'outside\n', 'other/x.txt': 'inside\n', 'b.txt': 'changed\n' });
    expect(await snapped('--sparse')).toEqual([
      '100644 a.txt',
      '100644 b.txt',
      '100644 dir/c.txt',
      '100644 dir/new.txt',
      '100644 other/x.txt',
    ]);
  });
});

describe('a snapshot is refused', () => {
  it('while a merge is not over, by the names of its conflicts', async () => {
    git(root, 'checkout', '-q', '-b', 'side');
    write(root, { 'a.txt': 'side\n', 'b.txt': 'side\n' });
    commit(root);
    git(root, 'checkout', '-q', 'main');
    write(root, { 'a.txt': 'main\n' });
    git(root, 'rm', '-q', 'b.txt');
    commit(root);
    expect(() => git(root, 'merge', 'side')).toThrow();
    expect(await refusal()).toMatchObject({ kind: 'unmerged', message: /"a\.txt", "b\.txt"\. Resolve the conflicts/ });
    git(root, 'add', '--all');
    expect((await bed.shoot(root)).ok).toBe(true);
  });

  it('where a file became a fifo; one that is untracked is passed over', async () => {
    execFileSync('sh', ['-c', 'mkfifo untracked'], { cwd: root });
    write(root, { 'new.txt': 'new\n' });
    expect(await snapped()).toHaveLength(4);
    rmSync(join(root, 'a.txt'));
    execFileSync('sh', ['-c', 'mkfifo a.txt'], { cwd: root });
    expect(await refusal()).toMatchObject({ kind: 'unreadable', message: /"a\.txt" \(a fifo.*then submit again/ });
  });

  it('where it is too large, by its largest files and before they are read', async () => {
    write(root, {
      'a.txt': 'x'.repeat(600),
      'small.txt': 'small\n',
      'huge.bin': '',
      'ignored.bin': '',
      '.gitignore': 'i*\n',
    });
    truncateSync(join(root, 'huge.bin'), 3 * 1024 * 1024);
    truncateSync(join(root, 'ignored.bin'), 3 * 1024 * 1024);
    const { kind, message } = await refusal(2 * 1024 * 1024);
    expect(kind).toBe('tooLarge');
    expect(message).toMatch(/3\.0 MiB, and 2\.0 MiB may be.*"huge\.bin" \(3\.0 MiB\).*Ignore .* or commit it/);
    expect(message).not.toContain('ignored.bin');
    rmSync(join(root, 'huge.bin'));
    expect((await refusal(600)).message).toMatch(/The largest files: "a\.txt"/);
    expect((await bed.shoot(root, 700)).ok).toBe(true);
  });
});

describe('a graft', () => {
  it('is the same for the same tree on the same parent, with the time of the parent', async () => {
    write(root, { 'a.txt': 'more\n' });
    const one = await bed.inScratch(root, (scratch) => graftHere(scratch));
    const two = await bed.inScratch(root, (scratch) => graftHere(scratch));
    expect(one.text).toBe(two.text);
    expect(one.text).toContain(`> ${git(root, 'show', '-s', '--format=%ct', 'HEAD')} +0000\n`);
  });

  it('of a graft is on what the repository has, and its pack has what both are', async () => {
    const on = ObjectId.parse(git(root, 'rev-parse', 'HEAD'));
    const mirrored = await bed.inScratch(root, async (scratch) => {
      let parent = on;
      let tree = on;
      for (const content of ['first\n', 'second\n']) {
        write(scratch.tree, { 'a.txt': content });
        const blob = must(await scratch.git.text(['hash-object', '-w', join(scratch.tree, 'a.txt')], {}));
        must(await scratch.git.run(['read-tree', parent], {}));
        must(await scratch.git.run(['update-index', '--cacheinfo', `100644,${blob},a.txt`], { cwd: scratch.tree }));
        tree = ObjectId.parse(must(await scratch.git.text(['write-tree'], {})));
        const made = must(await graftOf(scratch, { tree, parent, on, message: 'One of a chain' }));
        parent = made.commit;
        if (content === 'second\n') expect(await bed.mirrored(root, on, made)).toBe(tree);
      }
      return tree;
    });
    expect(() => gitWith(root, ['cat-file', '-e', mirrored], {})).toThrow();
  });
});

async function graftHere(scratch: Parameters<typeof graftOf>[0]): Promise<{ readonly text: string }> {
  const parent = ObjectId.parse(git(root, 'rev-parse', 'HEAD'));
  const tree = ObjectId.parse(git(root, 'rev-parse', 'HEAD^{tree}'));
  const { commit: made, file } = must(await graftOf(scratch, { tree, parent, on: parent, message: 'Work' }));
  expect(readFileSync(file).subarray(0, 4).toString()).toBe('PACK');
  return { text: `${made}\n${must(await scratch.git.text(['cat-file', 'commit', made], {}))}` };
}
