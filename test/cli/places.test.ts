import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from '../fixtures/repository.ts';
import { Bed, lastJob, lasting } from './bed.ts';

it('keeps the record where --data says', async () => {
  const bed = new Bed();
  const data = join(bed.root, 'elsewhere', 'record');
  const job = lastJob(
    await bed.run(['submit', '--title', 'T', '--run', 'echo 2 > n', '--wait', '--json', '--data', data]),
  );
  expect(existsSync(bed.record)).toBe(false);
  expect(readdirSync(data)).toEqual(expect.arrayContaining(['lock', 'vault']));
  const relative = await bed.run(['show', job.jobId, '--json', '--data', '../elsewhere/record']);
  expect(lasting(lastJob(relative))).toEqual(lasting(job));
  const left = await bed.run([
    'submit',
    '--title',
    'T',
    '--run',
    'echo 3 > n',
    '--data',
    '../elsewhere/record',
    '--json',
  ]);
  expect(left).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(join(data, 'host.json'))).toBe(true);
  expect((await bed.run(['jobs'])).stdout).toMatch(/^No jobs yet/);
});

it('is one relay for a repository, its folders and its linked worktrees', async () => {
  const bed = new Bed({ 'a.txt': 'one\n', 'sub/b.txt': 'b\n' });
  const linked = join(bed.root, 'linked');
  git(bed.repo, 'worktree', 'add', '--quiet', linked);
  const job = lastJob(
    await bed.run(['submit', '--title', 'T', '--run', 'echo two >> a.txt', '--wait', '--json'], { cwd: linked }),
  );
  const below = await bed.run(['show', job.jobId, '--json'], { cwd: join(bed.repo, 'sub') });
  expect(lasting(lastJob(below))).toEqual(lasting(job));
  expect((await bed.run(['jobs', '--repo', 'repo/sub'], { cwd: bed.root })).stdout).toContain(job.jobId);
  // The patch goes to the tree from which the task came.
  expect(await bed.run(['apply', job.jobId])).toMatchObject({ code: 0 });
  expect(git(linked, 'status', '--porcelain')).toBe(' M a.txt');
  expect(git(bed.repo, 'status', '--porcelain')).toBe('');
});

it('keeps the record in the cache where the git directory cannot be written, and says so', async (context) => {
  const bed = new Bed();
  const dotGit = join(bed.repo, '.git');
  // In a namespace of its own, so that no mount is left behind. (Root writes to whatever chmod forbids.)
  const readOnly = `mount --bind '${dotGit}' '${dotGit}' && mount -o remount,ro,bind '${dotGit}' && exec "$@"`;
  const by = ['unshare', '--mount', 'sh', '-c', readOnly, 'sh', process.execPath] as const;
  if (spawnSync('unshare', ['--mount', 'sh', '-c', readOnly, 'sh', 'true']).status !== 0) {
    context.skip('this user may not mount a folder read-only');
  }
  const said = new RegExp(`^task-relay: "${realpathSync(dotGit)}" cannot be written, so the record is in "(.*)"\\n$`);
  const waited = await bed.run(['submit', '--title', 'T', '--run', 'echo two >> a.txt', '--wait', '--json'], {
    by: [...by],
  });
  expect(waited.code).toBe(0);
  const { jobId } = lastJob(waited);
  const [, record = ''] = said.exec(waited.stderr) ?? [];
  expect(record).toMatch(new RegExp(`^${bed.cache}/task-relay/`));
  expect(existsSync(join(record, 'vault'))).toBe(true);
  expect(existsSync(bed.record)).toBe(false);
  const left = await bed.run(['submit', '--title', 'T', '--run', 'true'], { by: [...by] });
  expect(left.code).toBe(0);
  expect(left.stderr).toMatch(said);
  const applied = await bed.run(['apply', jobId], { by: [...by] });
  expect(applied.code).toBe(0);
  expect(git(bed.repo, 'status', '--porcelain')).toBe(' M a.txt');
});

it('says what is wrong where the cache cannot be written', async () => {
  const bed = new Bed();
  mkdirSync(bed.cache);
  const { code, stderr } = await bed.run(['submit', '--title', 'T', '--run', 'true', '--wait'], {
    env: { XDG_CACHE_HOME: join(bed.repo, 'a.txt') },
  });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^task-relay: [^\n]*a\.txt[^\n]*\n$/);
  expect(stderr).not.toMatch(/bug/);
});
