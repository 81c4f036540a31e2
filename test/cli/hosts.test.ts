import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { readHostFile } from '../../src/guest/hostFile.ts';
import { acquireLock } from '../../src/store/lock.ts';
import { Bed, kill, lastJob, wait } from './bed.ts';

const TAKE_OVER_MS = 5000;

async function hostPid(bed: Bed): Promise<number | undefined> {
  return (await readHostFile(bed.record))?.pid;
}

function isFree(bed: Bed): boolean {
  const lock = acquireLock(join(bed.record, 'lock'));
  if (lock.ok) lock.value.dispose();
  return lock.ok;
}

it('joins the live host', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  const gate = bed.gate();
  const left = await bed.run(['submit', '--title', 'T', '--run', `${gate.wait}; echo 2 > n`]);
  expect(left).toMatchObject({ code: 0, stderr: '' });
  expect(left.stdout).toMatch(/^[a-z2-7]{16} {2}(QUEUED|RUNNING)\n$/);
  await gate.reached;
  expect(await hostPid(bed)).toBe(host.pid);
  expect(existsSync(join(bed.record, 'host.log'))).toBe(false);
  gate.open();
  await bed.run(['logs', left.stdout.slice(0, 16), '--follow']);
  expect((await bed.run(['jobs'])).stdout).toMatch(/ SUCCEEDED /);
});

it('leaves a host behind that does the job and ends when it is idle', async () => {
  const bed = new Bed();
  const gate = bed.gate();
  const left = await bed.run(['submit', '--title', 'T', '--run', `${gate.wait}; echo 2 > n`, '--json']);
  expect(left).toMatchObject({ code: 0, stderr: '' });
  const { jobId } = lastJob(left);
  await gate.reached;
  const pid = (await hostPid(bed)) ?? 0;
  expect(readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')).toContain('--idle-exit');
  gate.open();
  await bed.run(['logs', jobId, '--follow']);
  expect(bed.living()).toContain(pid);
  await bed.atRest();
  expect(isFree(bed)).toBe(true);
  expect(await hostPid(bed)).toBeUndefined();
  expect(readFileSync(join(bed.record, 'host.log'), 'utf8')).toBe('');
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
});

it('shares one host between two that wait, and the first stays for the job of the second', async () => {
  const bed = new Bed();
  const [gateA, gateB] = [bed.gate(), bed.gate()];
  const a = bed.start(['submit', '--title', 'A', '--run', `${gateA.wait}; echo 2 > a`, '--wait']);
  await gateA.reached;
  expect(await hostPid(bed)).toBe(a.child.pid);
  const b = bed.start(['submit', '--title', 'B', '--run', `${gateB.wait}; echo 2 > b`, '--wait']);
  await gateB.reached;
  expect(await hostPid(bed)).toBe(a.child.pid);
  gateA.open();
  await wait('the end of job A', async () =>
    (await bed.run(['jobs', '--state', 'SUCCEEDED'])).stdout.includes('  A  '),
  );
  expect(a.child.exitCode).toBeNull();
  expect(b.child.exitCode).toBeNull();
  gateB.open();
  for (const { done } of [a, b]) expect(await done).toMatchObject({ code: 0, stderr: '' });
  await bed.atRest();
  expect(await hostPid(bed)).toBeUndefined();
});

it('does the jobs of ten that come at once, each once', async () => {
  const bed = new Bed();
  const started = Array.from({ length: 10 }, (_, index) =>
    bed.run(['submit', '--title', `T${String(index)}`, '--run', `echo ${String(index)} > n`, '--wait', '--json']),
  );
  const ran = await Promise.all(started);
  expect(ran.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ran.map(() => ({ code: 0, stderr: '' })));
  const jobs = ran.map(lastJob);
  expect(new Set(jobs.map((job) => job.jobId)).size).toBe(10);
  expect(jobs.map((job) => [job.title, job.state, job.attempt])).toEqual(
    jobs.map((_, index) => [`T${String(index)}`, 'SUCCEEDED', 1]),
  );
  expect((await bed.run(['jobs'])).stdout).toMatch(/\n10 jobs\n$/);
  await bed.atRest();
});

it('takes over within 5 s where the host is killed, ends what it left, and does the job', async () => {
  const bed = new Bed();
  const host = await bed.serve();
  const gate = bed.gate();
  // The first attempt leaves a child in a session of its own.
  const run = `setsid sh -c 'while :; do sleep 1; done' & ${gate.wait}; echo 2 > n`;
  const guests = ['A', 'B'].map((title) => bed.start(['submit', '--title', title, '--run', run, '--wait', '--json']));
  await gate.reached;
  const attempts = bed.living().filter((pid) => pid !== host.pid && !guests.some(({ child }) => child.pid === pid));
  expect(attempts.length).toBeGreaterThan(1);
  const killed = systemClock.monotonic();
  kill(host.pid);
  await wait('a guest to be the host', async () => {
    const pid = await hostPid(bed);
    return guests.some(({ child }) => child.pid === pid);
  });
  expect(systemClock.monotonic() - killed).toBeLessThan(TAKE_OVER_MS);
  for (const pid of attempts) expect(bed.living()).not.toContain(pid);
  gate.open();
  for (const { done } of guests) {
    const ran = await done;
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(lastJob(ran).state).toBe('SUCCEEDED');
  }
  await bed.atRest();
});

it('is interrupted as the host: nothing is left, and the job goes on with the next', async () => {
  const bed = new Bed();
  const gate = bed.gate();
  const waiting = bed.start(['submit', '--title', 'T', '--run', `${gate.wait}; echo 2 > n`, '--wait']);
  const [jobId = ''] = await waiting.said(/^[a-z2-7]{16}/);
  await gate.reached;
  waiting.child.kill('SIGINT');
  const interrupted = await waiting.done;
  expect(interrupted.code).toBe(3);
  expect(interrupted.stderr).toMatch(new RegExp(`^task-relay: Interrupted\\. Job ${jobId} stays in the queue .*\\n$`));
  expect(bed.living()).toEqual([]);
  expect(isFree(bed)).toBe(true);
  gate.open();
  const followed = await bed.run(['logs', jobId, '--follow']);
  expect(followed).toMatchObject({ code: 0, stderr: '' });
  expect(followed.stdout).toMatch(/ attempt 2 [^]*succeeded\n$/);
});

it('is interrupted as a guest: the job goes on with its host', async () => {
  const bed = new Bed();
  await bed.serve();
  const gate = bed.gate();
  const waiting = bed.start(['submit', '--title', 'T', '--run', `${gate.wait}; echo 2 > n`, '--wait', '--json']);
  await gate.reached;
  waiting.child.kill('SIGINT');
  const interrupted = await waiting.done;
  expect(interrupted).toMatchObject({ code: 3, stdout: '' });
  const [, jobId = ''] = /^task-relay: Interrupted\. Job ([a-z2-7]{16}) goes on: .*\n$/.exec(interrupted.stderr) ?? [];
  expect(lastJob(await bed.run(['show', jobId, '--json'])).state).toBe('RUNNING');
  gate.open();
  await bed.run(['logs', jobId, '--follow']);
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
});
