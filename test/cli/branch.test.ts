import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DeliveryReport } from '../../src/protocol/jobView.ts';
import { configured } from '../fixtures/gitUser.ts';
import { commit, git, photographFiles, write } from '../fixtures/repository.ts';
import { Bed, lastLine } from './bed.ts';

/** A bed whose user git knows. */
function bed(): Bed {
  const made = new Bed({ 'a.txt': 'one\ntwo\nthree\nfour\nfive\n' });
  configured(made.root);
  return made;
}

it('applies a job as a commit on a branch, and takes it back', async () => {
  const world = bed();
  const { jobId } = await world.job('--run', 'sed -i s/five/5/ a.txt');
  write(world.repo, { 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\n' });
  const moved = commit(world.repo);
  const before = photographFiles(world.repo);
  const looked = await world.run(['apply', jobId, '--branch', '--check']);
  expect(looked).toMatchObject({ code: 0, stdout: 'clean    a.txt\n' });
  const done = await world.run(['apply', jobId, '--branch', '--from-head', '--json']);
  const { branch } = DeliveryReport.parse(lastLine(done));
  expect(git(world.repo, 'rev-parse', `${branch?.name ?? ''}^`)).toBe(moved);
  expect(git(world.repo, 'show', `${branch?.name ?? ''}:a.txt`)).toBe('ONE\ntwo\nthree\nfour\n5');
  expect(await world.run(['undo', jobId])).toMatchObject({
    code: 0,
    stdout: `Undone: the branch ${branch?.name ?? ''} is deleted.\n`,
  });
  const again = await world.run(['apply', jobId, '--branch']);
  expect(again.stdout).toContain(`Committed on the branch ${branch?.name ?? ''}. To take it back: task-relay undo`);
  expect(photographFiles(world.repo)).toEqual(before);
});

it('refuses --from-head without --branch', async () => {
  const done = await new Bed().run(['apply', 'a', '--from-head']);
  expect(done).toMatchObject({ code: 2, stderr: 'task-relay: --from-head is for --branch: give both.\n' });
});

it('publishes a job to the remote of the repository', async () => {
  const world = bed();
  const remote = join(world.root, 'remote.git');
  mkdirSync(remote);
  git(remote, 'init', '-q', '--bare');
  const { jobId } = await world.job('--run', 'sed -i s/five/5/ a.txt');
  const nowhere = await world.run(['publish', jobId]);
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain('git remote add origin URL');
  git(world.repo, 'remote', 'add', 'origin', remote);
  const done = await world.run(['publish', jobId, '--no-pull-request']);
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toMatch(/^Pushed "relay\/a-task-[a-z2-7]{6}" \([0-9a-f]{12}\) to "origin"\.\n$/);
  expect(git(remote, 'for-each-ref', '--format=%(refname:short)')).toMatch(/^relay\/a-task-/);
  const shown = await world.run(['show', jobId]);
  expect(shown.stdout).toMatch(/\n {2}branch {4}relay\/a-task-\S+\n {2}pushed {4}[0-9a-f]{12} to origin\n/);
  const undone = await world.run(['undo', jobId]);
  expect(undone.stdout).toContain('What was pushed stays');
});
