import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { photographFiles } from '../fixtures/repository.ts';
import { Bed, lastJob } from './bed.ts';

it('cancels what goes on, and says so where it had ended', async () => {
  const bed = new Bed();
  await bed.serve();
  const gate = bed.gate();
  const waiting = bed.start(['submit', '--title', 'T', '--run', gate.wait, '--wait']);
  const [jobId = ''] = await waiting.said(/^[a-z2-7]{16}/);
  await gate.reached;
  expect(await bed.run(['cancel', jobId])).toMatchObject({ code: 0, stdout: `${jobId}  CANCELED\n` });
  const ended = await waiting.done;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/ended CANCELED\./);
  const again = await bed.run(['cancel', jobId]);
  expect(again).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `task-relay: Job ${jobId} had ended before: CANCELED.\n`,
  });
});

it('retries an ended job as a new one, and no other', async () => {
  const bed = new Bed();
  await bed.serve();
  const marker = join(bed.root, 'marker');
  const failed = await bed.run([
    'submit',
    '--title',
    'T',
    '--run',
    `test -e ${marker} && echo 2 > a.txt`,
    '--key',
    'k',
    '--wait',
    '--json',
  ]);
  const { jobId } = lastJob(failed);
  expect(failed.code).toBe(1);
  writeFileSync(marker, '');
  const retried = await bed.run(['retry', jobId.slice(0, 8)]);
  expect(retried.code).toBe(0);
  const [, fresh = ''] = /^([a-z2-7]{16}) {2}QUEUED\n$/.exec(retried.stdout) ?? [];
  await bed.run(['logs', fresh, '--follow']);
  expect(lastJob(await bed.run(['show', fresh, '--json']))).toMatchObject({ state: 'SUCCEEDED', parent: jobId });

  const gate = bed.gate();
  const live = lastJob(await bed.run(['submit', '--title', 'T', '--run', gate.wait, '--json']));
  const refused = await bed.run(['retry', live.jobId]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^task-relay: Job \w+ is (QUEUED|RUNNING): it can be retried when it has ended\.\n$/);
});

it('rebases a job on what HEAD is now, and follows up on its result', async () => {
  const bed = new Bed();
  await bed.serve();
  const first = lastJob(
    await bed.run(['submit', '--title', 'T', '--run', 'echo 2 >> a.txt', '--check', 'ok=true', '--wait', '--json']),
  );
  const idIn = ({ code, stdout }: { readonly code: number | null; readonly stdout: string }): string => {
    expect(code).toBe(0);
    return /^([a-z2-7]{16}) {2}QUEUED\n$/.exec(stdout)?.[1] ?? '';
  };
  const rebased = idIn(await bed.run(['rebase', first.jobId.slice(0, 8)]));
  await bed.run(['logs', rebased, '--follow']);
  expect((await bed.run(['show', rebased])).stdout).toContain(`${first.jobId}, whose task this is on a newer HEAD`);

  const words = ['--title', 'And more', '--description', 'Say 3 as well.', '--run', 'cat a.txt; echo 3 >> a.txt'];
  const followed = idIn(await bed.run(['follow', first.jobId, ...words, '--priority', 'P0']));
  expect((await bed.run(['logs', followed, '--follow'])).stdout).toMatch(/stdout \| one\n.*stdout \| 2\n/);
  const job = lastJob(await bed.run(['show', followed, '--json']));
  expect(job).toMatchObject({ state: 'SUCCEEDED', parent: first.jobId, relation: 'followUp', priority: 'P0' });
  expect((await bed.run(['show', followed])).stdout).toContain(`${first.jobId}, whose result this goes on from`);

  const untitled = await bed.run(['follow', first.jobId, '--run', 'x']);
  expect(untitled).toMatchObject({ code: 2, stderr: expect.stringContaining('Give --title') as string });
  const byNobody = await bed.run(['follow', first.jobId, '--title', 'T']);
  expect(byNobody).toMatchObject({ code: 2, stderr: expect.stringContaining('was made by a command') as string });
});

for (const hosted of [true, false]) {
  it(`looks, applies and takes back to the byte, ${hosted ? 'by a host' : 'by itself'}`, async () => {
    const bed = new Bed({ 'a.txt': 'one\n', 'b.txt': 'b\n', 'c/c.txt': 'c\n' });
    if (hosted) await bed.serve();
    const before = photographFiles(bed.repo);
    const job = await bed.job(
      '--run',
      'echo two >> a.txt; rm -r c; mkdir -p new/er; echo n > new/er/n.txt; chmod +x b.txt',
    );
    const looked = await bed.run(['apply', job.jobId, '--check']);
    expect(looked).toMatchObject({ code: 0, stderr: '' });
    expect(looked.stdout).toBe('clean    a.txt\nclean    b.txt\nclean    c/c.txt\nclean    new/er/n.txt\n');
    expect(photographFiles(bed.repo)).toEqual(before);
    const early = await bed.run(['undo', job.jobId]);
    expect(early.code).toBe(2);
    expect(early.stderr).toMatch(/^task-relay: Job \w+ has not been applied: .*\n$/);

    writeFileSync(join(bed.repo, 'a.txt'), 'mine\n');
    const blockedLook = await bed.run(['apply', job.jobId, '--check']);
    expect(blockedLook.code).toBe(1);
    expect(blockedLook.stdout).toMatch(/^blocked {2}a\.txt: you have uncommitted changes/);
    expect(blockedLook.stderr).toMatch(/^task-relay: .*1 of 4 files.*\n$/);
    const blocked = await bed.run(['apply', job.jobId]);
    expect(blocked).toMatchObject({ code: 1, stdout: '' });
    expect(blocked.stderr).toMatch(/^task-relay: Nothing was written\. In the way: "a\.txt".*\n$/);
    expect(readFileSync(join(bed.repo, 'a.txt'), 'utf8')).toBe('mine\n');
    writeFileSync(join(bed.repo, 'a.txt'), 'one\n');

    const applied = await bed.run(['apply', job.jobId]);
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(applied.stdout).toMatch(new RegExp(`\\nApplied\\. To take it back: task-relay undo ${job.jobId}\\n$`));
    expect(Object.keys(photographFiles(bed.repo))).toEqual(['a.txt', 'b.txt', 'new', 'new/er', 'new/er/n.txt']);
    expect(readFileSync(join(bed.repo, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect((await bed.run(['show', job.jobId])).stdout).toMatch(/delivery {2}applied\n/);
    expect((await bed.run(['apply', job.jobId])).code).not.toBe(0);
    const undone = await bed.run(['undo', job.jobId]);
    expect(undone).toMatchObject({ code: 0, stdout: 'Undone: 4 files are as before.\n', stderr: '' });
    expect(photographFiles(bed.repo)).toEqual(before);
  });
}

it('refuses to apply what did not succeed', async () => {
  const bed = new Bed();
  const { jobId } = await bed.job('--run', 'exit 1');
  for (const command of ['apply', 'undo']) {
    const { code, stderr } = await bed.run([command, jobId]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `task-relay: Job ${jobId} is FAILED: only a SUCCEEDED job has a proven patch.\n`,
    });
  }
});
