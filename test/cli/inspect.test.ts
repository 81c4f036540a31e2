import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { JobPage } from '../../src/protocol/jobView.ts';
import { git } from '../fixtures/repository.ts';
import { Bed, lastLine, lastJob, lasting, type Ran } from './bed.ts';

function titles(ran: Ran): readonly string[] {
  return JobPage.parse(lastLine(ran)).items.map((job) => job.title);
}

it('lists the newest first, by state and by page, with a host and without', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  for (const [title, run] of [
    ['one', 'echo 1 > n'],
    ['two', 'exit 1'],
    ['three', 'echo 3 > n'],
  ] as const)
    await bed.run(['submit', '--title', title, '--run', run, '--wait']);
  const look = async (): Promise<void> => {
    expect(titles(await bed.run(['jobs', '--json']))).toEqual(['three', 'two', 'one']);
    expect(titles(await bed.run(['jobs', '--json', '--state', 'succeeded']))).toEqual(['three', 'one']);
    expect(titles(await bed.run(['jobs', '--json', '--limit', '1', '--offset', '1']))).toEqual(['two']);
    const failed = await bed.run(['jobs', '--state', 'FAILED']);
    expect(failed.stdout).toMatch(/^[a-z2-7]{16} {2}FAILED \(EXECUTOR_ERROR\) +two {2}\[command, .* ago\]\n1 job\n$/);
    expect((await bed.run(['jobs', '--limit', '2'])).stdout).toMatch(
      /\n2 jobs of 3: --offset and --limit show others\n$/,
    );
    expect((await bed.run(['jobs', '--state', 'RUNNING'])).stdout).toBe('No job is RUNNING.\n');
  };
  await look();
  host.running.child.kill('SIGTERM');
  expect(await host.running.done).toMatchObject({ code: 0 });
  await look();
  await bed.atRest();
});

it('looks at a job that waits in the queue where nobody hosts it, and leaves it there', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  const gate = bed.gate();
  const { jobId } = lastJob(await bed.run(['submit', '--title', 'T', '--run', gate.wait, '--json']));
  await gate.reached;
  host.running.child.kill('SIGTERM');
  await host.running.done;
  expect((await bed.run(['jobs'])).stdout).toMatch(/ QUEUED /);
  expect(lastJob(await bed.run(['show', jobId, '--json'])).state).toBe('QUEUED');
  expect(await bed.run(['logs', jobId])).toMatchObject({ code: 0, stdout: '' });
  const patch = await bed.run(['artifact', jobId, 'patch.diff']);
  expect(patch).toMatchObject({ code: 2, stdout: '' });
  expect(patch.stderr).toMatch(/\(QUEUED\) has no patch\.diff; it has none/);
  await bed.atRest();
});

it('takes the beginning of an id wherever it takes a job', async () => {
  const bed = new Bed();
  await bed.serve();
  const job = await bed.job('--run', 'echo 2 > a.txt');
  const short = job.jobId.slice(0, 8);
  const shown = await bed.run(['show', short]);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(new RegExp(`^${job.jobId} {2}SUCCEEDED\\n {2}title +A task\\n`));
  expect(lasting(lastJob(await bed.run(['show', short, '--json'])))).toEqual(lasting(job));
});

it('gives the bytes of an artifact, no more and no less', async () => {
  const bed = new Bed({
    'a.txt': 'one\n',
    binary: Buffer.from([0, 1, 2, 255]),
    'text.latin1': Buffer.from([0xe9, 10]),
  });
  const before = git(bed.repo, 'rev-parse', 'HEAD');
  // Larger than a slice of the host's answers, and not UTF-8.
  const run = 'head -c 3000000 /dev/urandom > binary; printf "\\351t\\351\\r\\n" > text.latin1; echo two >> a.txt';
  const job = await bed.job('--run', run);
  expect(job.state).toBe('SUCCEEDED');
  const patch = await bed.run(['artifact', job.jobId, 'patch.diff']);
  expect(patch).toMatchObject({ code: 0, stderr: '' });
  expect(patch.bytes.length).toBe(job.artifacts.find(({ name }) => name === 'patch.diff')?.bytes);
  const file = join(bed.root, 'patch.diff');
  writeFileSync(file, patch.bytes);
  git(bed.repo, 'apply', '--index', file);
  expect(git(bed.repo, 'diff', '--cached', '--name-only', before).split('\n')).toEqual([
    'a.txt',
    'binary',
    'text.latin1',
  ]);
  const { stdout } = await bed.run(['artifact', job.jobId, 'pr.json']);
  expect(JSON.parse(stdout)).toMatchObject({ title: 'A task' });
});

it('tells a log as it grows, from one attempt to the next, and ends with the job', async () => {
  const bed = new Bed();
  const first = await bed.serve();
  const gate = bed.gate();
  const run = `echo begun; echo aside >&2; ${gate.wait}; echo done; echo 2 > a.txt`;
  const { jobId } = lastJob(await bed.run(['submit', '--title', 'T', '--run', run, '--json']));
  const following = bed.start(['logs', jobId, '--follow']);
  await following.said(/ stdout \| begun\n/);
  await following.said(/ stderr \| aside\n/);
  const soFar = await bed.run(['logs', jobId]);
  expect(soFar.code).toBe(0);
  expect(soFar.stdout).toMatch(/ stdout \| begun\n/);

  // A host of its own takes the place of the one that goes: the job is run anew, and told anew.
  first.running.child.kill('SIGKILL');
  await following.said(/begun[^]*attempt 2 [^]*begun/);
  gate.open();
  const { code, stdout, stderr } = await following.done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/ stdout \| done\n/);
  const log = await bed.run(['logs', jobId]);
  expect(stdout.endsWith(log.stdout)).toBe(true);
  expect(log.stdout).toBe((await bed.run(['artifact', jobId, 'logs.txt'])).stdout);
  expect((await bed.run(['logs', jobId, '--follow'])).stdout).toBe(log.stdout);
});

it('tells labels, and gives all that a check printed', async () => {
  const bed = new Bed();
  const run = 'seq 300000; echo err >&2; grep -q two a.txt';
  const job = await bed.job('--run', 'echo two > a.txt', '--check', `it works=${run}`);
  expect((await bed.run(['show', job.jobId])).stdout).toMatch(
    /\n {4}pass {2}it works {3}fixed: exit 0 on the result; exit 1 twice on the baseline\n/,
  );
  const printed = await bed.run(['check', job.jobId, 'it works']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.bytes.length).toBe(job.checks.at(-1)?.output?.bytes);
  expect(printed.stdout.match(/^300000$/gm)).toHaveLength(3);
  expect(printed.stdout.match(/^=== .*$/gm)).toEqual([
    '=== on the result',
    '=== on the baseline',
    '=== on the baseline, repeated',
  ]);
  const none = await bed.run(['check', job.jobId, 'scope']);
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toMatch(/has no output of the check "scope"; these have: it works\.\n$/);
  expect((await bed.run(['check', job.jobId, 'nope'])).stderr).toMatch(/has no check "nope"; these have: it works/);
});
