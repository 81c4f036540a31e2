import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git, photographRepository } from '../fixtures/repository.ts';
import { Bed, lastJob, lastLine } from './bed.ts';
import { mcpClient } from './mcpClient.ts';

it('says each state, then the job, then what to do next', async () => {
  const bed = new Bed();
  const before = photographRepository(bed.repo);
  const { code, stdout, stderr } = await bed.run([
    ...['submit', '--title', 'Add a file', '--description', 'As B wants it.', '--executor', 'command'],
    ...['--run', 'test -f prepared && echo two > src/b.txt', '--setup', 'touch prepared; mkdir -p src'],
    ...['--check', 'there=test -f src/b.txt', '--check', 'whole=test -f a.txt', '--glob', 'src/**'],
    ...['--priority', 'P0', '--ttl', '600', '--timeout', '60', '--key', 'k', '--wait'],
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^[a-z2-7]{16}\n(?: {2}QUEUED\n)? {2}RUNNING\n {2}SUCCEEDED\n[a-z2-7]{16} {2}SUCCEEDED\n/);
  expect(stdout).toMatch(/executor {2}command, attempt 1, P0\n/);
  expect(stdout).toMatch(/added +src\/b\.txt\n/);
  expect(stdout).toMatch(/pass +there /);
  expect(stdout).toMatch(/Next: task-relay artifact ([a-z2-7]{16}) patch\.diff · task-relay apply \1\n$/);
  const [id = ''] = stdout.split('\n');
  expect((await bed.run(['artifact', id, 'out.md'])).stdout).toMatch(/As B wants it\./);
  expect(photographRepository(bed.repo)).toEqual(before);
  await bed.atRest();
});

it('gives with --json the object that jobs_get gives, as the last line', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  const call = await mcpClient(host);
  const waited = await bed.run(['submit', '--title', 'T', '--run', 'echo 2 > a.txt', '--wait', '--json']);
  expect(waited).toMatchObject({ code: 0, stderr: '' });
  const { jobId } = lastJob(waited);
  const { value } = await call('jobs_get', { jobId });
  expect(lastLine(waited)).toEqual(value);
  expect(value).toMatchObject({ state: 'SUCCEEDED', stateVersion: 3, title: 'T', executor: 'command', attempt: 1 });
  expect(lastLine(await bed.run(['show', jobId, '--json']))).toEqual(value);

  const left = await bed.run(['submit', '--title', 'T', '--run', 'exit 3', '--json']);
  const { value: earlier } = await call('jobs_get', { jobId: lastJob(left).jobId });
  expect(Object.keys(lastJob(left))).toEqual(expect.arrayContaining(['jobId', 'state', 'stateVersion', 'createdAt']));
  expect(earlier).toMatchObject({ title: 'T', createdAt: lastJob(left).createdAt });

  const { value: page } = await call('jobs_list', {});
  const listed = await bed.run(['jobs', '--json']);
  expect(lastLine(listed)).toMatchObject({ total: 2, hasMore: false });
  expect(page).toMatchObject({ total: 2 });
});

it('ends with 1 and says why where the job did not succeed', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  expect(host.dataDir).toBe(bed.record);
  const ends: readonly (readonly [args: readonly string[], state: string, reason: string | undefined])[] = [
    [['--run', 'exit 3'], 'FAILED', 'EXECUTOR_ERROR'],
    [['--run', 'true'], 'FAILED', 'BAD_ARTIFACTS'],
    [['--run', 'echo 2 > a.txt', '--glob', 'src/**'], 'FAILED', 'POLICY'],
    [['--run', 'rm a.txt', '--check', 'there=test -f a.txt'], 'FAILED', 'ACCEPTANCE'],
    [['--run', 'sleep 60', '--timeout', '1'], 'FAILED', 'TIMEOUT'],
    [['--run', 'sleep 60', '--ttl', '1'], 'EXPIRED', undefined],
  ];
  for (const [args, state, reasonCode] of ends) {
    const ran = await bed.run(['submit', '--title', 'T', ...args, '--wait', '--json']);
    const job = lastJob(ran);
    expect({ code: ran.code, state: job.state, reasonCode: job.reasonCode }).toEqual({ code: 1, state, reasonCode });
    expect(ran.stderr).toMatch(new RegExp(`^task-relay: Job ${job.jobId} ended ${state}.*task-relay logs.*\\n$`));
  }
  const empty = await bed.run(['submit', '--title', 'T', '--run', 'true', '--allow-empty', '--wait', '--json']);
  expect(empty.code).toBe(0);
  expect(lastJob(empty)).toMatchObject({ state: 'SUCCEEDED', fileCount: 0 });
});

it('takes one key for one job, and refuses it for another', async () => {
  const bed = new Bed();
  await bed.serve();
  const first = await bed.job('--run', 'echo 2 > a.txt', '--key', 'once');
  const again = await bed.job('--run', 'echo 2 > a.txt', '--key', 'once');
  expect(again).toEqual(first);
  const other = await bed.run(['submit', '--title', 'A task', '--run', 'echo 3 > a.txt', '--key', 'once', '--wait']);
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/^task-relay: The idempotency key "once" belongs to job .* Use another key\.\n$/);
  const without = await bed.job('--run', 'echo 2 > a.txt');
  expect(without.jobId).not.toBe((await bed.job('--run', 'echo 2 > a.txt')).jobId);
});

it('takes a whole task by --spec, from a file or from stdin', async () => {
  const bed = new Bed();
  await bed.serve();
  const spec = {
    repo: {
      type: 'git',
      url: `file://${bed.repo}`,
      baseBranch: 'main',
      baselineCommit: git(bed.repo, 'rev-parse', 'HEAD'),
    },
    task: { title: 'By spec' },
    checks: [{ name: 'two', run: 'grep -q 2 a.txt', must: 'pass' }],
    execution: { command: 'echo 2 > a.txt', priority: 'P2', ttlS: 600 },
    idempotencyKey: 'spec',
  };
  writeFileSync(join(bed.root, 'spec.json'), JSON.stringify(spec));
  const byFile = await bed.run(['submit', '--spec', '../spec.json', '--wait', '--json']);
  expect(byFile).toMatchObject({ code: 0, stderr: '' });
  expect(lastJob(byFile)).toMatchObject({ title: 'By spec', priority: 'P2', state: 'SUCCEEDED' });
  const byStdin = await bed.run(['submit', '--spec', '-', '--wait', '--json'], { stdin: JSON.stringify(spec) });
  expect(lastJob(byStdin).jobId).toBe(lastJob(byFile).jobId);
  const broken = await bed.run(['submit', '--spec', '-'], { stdin: '\u001b]0;title\u0007{' });
  expect(broken.code).toBe(2);
  expect(broken.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

it('starts from uncommitted work where it is asked for', async () => {
  const bed = new Bed();
  writeFileSync(join(bed.repo, 'new.txt'), 'new\n');
  const task = ['submit', '--title', 'T', '--run', 'echo more >> new.txt', '--uncommitted', '--wait', '--json'];
  const job = lastJob(await bed.run(task));
  expect(job).toMatchObject({ state: 'SUCCEEDED', graft: { on: git(bed.repo, 'rev-parse', 'HEAD') }, fileCount: 1 });
  expect((await bed.run(['show', job.jobId])).stdout).toMatch(/baseline {2}[0-9a-f]{40}, made on [0-9a-f]{40}\n/);
  await bed.atRest();
});
