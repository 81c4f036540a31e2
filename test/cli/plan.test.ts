import { expect, it } from 'vitest';
import { ApplyOrder } from '../../src/protocol/drift.ts';
import { commit, write } from '../fixtures/repository.ts';
import { Bed, lastJob, lastLine } from './bed.ts';

it('tells how patches stand and in which order they apply, with a host and without', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  const [one, other] = [await bed.job('--run', 'echo 1 > a.txt'), await bed.job('--run', 'echo 2 > a.txt')];
  const look = async (): Promise<void> => {
    const made = ApplyOrder.parse(lastLine(await bed.run(['plan', '--json'])));
    expect(made.conflicts.map(({ jobs }) => jobs.toSorted())).toEqual([[one.jobId, other.jobId].sort()]);
    expect(made.order).toHaveLength(1);
    const told = await bed.run(['plan', one.jobId, other.jobId]);
    expect(told.stdout).toMatch(
      /^1 of 2 patches apply in this order onto [0-9a-f]{40}:\n {2}1\. [a-z2-7]{16} {2}.* {2}\[clean\]\n/,
    );
    expect(told.stdout).toMatch(
      /\nThese do not fit together:\n.* and .*: a\.txt\nThese are left:\n.*does not fit together with/,
    );
    expect((await bed.run(['show', one.jobId])).stdout).toMatch(/\n {2}drift {5}clean\n/);
  };
  await look();
  host.running.child.kill('SIGTERM');
  await host.running.done;
  await look();
  write(bed.repo, { 'a.txt': 'ours\n' });
  commit(bed.repo);
  expect(lastJob(await bed.run(['show', one.jobId, '--json'])).drift).toMatchObject({
    state: 'conflict',
    paths: ['a.txt'],
  });
  expect((await bed.run(['jobs'])).stdout).toMatch(/conflicts with HEAD\]\n/);
  expect(await bed.run(['plan', 'zzz'])).toMatchObject({ code: 2 });
  await bed.atRest();
});
