import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { disposable } from '../../src/base/disposable.ts';
import { watchFolder, type WatchFolder } from '../../src/base/watchFolder.ts';
import { HeadWatch } from '../../src/engine/headWatch.ts';
import { Sources } from '../../src/engine/sources.ts';
import {
  commit,
  git,
  gitEnvironment,
  makeRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';

let directory: string;
let repository: string;
let sources: Sources;
/** Folders that are watched now. */
let open: string[];

beforeEach(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  mkdirSync(join(directory, 'work'));
  sources = new Sources(join(directory, 'work'), gitEnvironment);
  await sources.prepare();
  open = [];
});
afterEach(async () => {
  await sources.dispose();
  removeDirectory(directory);
});

/** A real watcher, counted. */
const counted: WatchFolder = (folder, onChange) => {
  const watcher = watchFolder(folder, onChange);
  if (watcher === undefined) return undefined;
  open.push(folder);
  return disposable(() => {
    open.splice(open.indexOf(folder), 1);
    watcher.dispose();
  });
};

it('watches what git writes, each folder once, and nothing where nobody is to be told', async () => {
  const watch = new HeadWatch(sources, counted, () => undefined);
  await watch.keep(new Set([repository]));
  await watch.keep(new Set([repository]));
  const gitDir = join(repository, '.git');
  expect(open.toSorted()).toEqual([gitDir, join(gitDir, 'logs'), join(gitDir, 'refs/heads')]);
  await watch.keep(new Set());
  expect(open).toEqual([]);
  await watch.keep(new Set([repository]));
  watch.dispose();
  expect(open).toEqual([]);
  await watch.keep(new Set([repository]));
  expect(open).toEqual([]);
});

it('follows HEAD to another branch, and a linked working tree to its own git directory', async () => {
  const tree = join(directory, 'linked');
  git(repository, 'worktree', 'add', '-q', '-b', 'deep/er/branch', tree);
  let heard: () => void = () => undefined;
  const watch = new HeadWatch(sources, counted, () => heard());
  const moved = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  try {
    await watch.keep(new Set([tree]));
    expect(open).toContain(join(repository, '.git/refs/heads/deep/er'));
    expect(open).toContain(join(repository, '.git/worktrees/linked'));
    const committed = moved();
    write(tree, { 'a.txt': 'b\n' });
    commit(tree);
    await committed;
    const reset = moved();
    git(repository, '-c', 'core.logAllRefUpdates=false', 'update-ref', 'refs/heads/deep/er/branch', 'main');
    await reset;
  } finally {
    watch.dispose();
  }
});
