import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Bed, lastJob } from './bed.ts';

it('records a job into a file that is played again without what made it', async () => {
  const bed = new Bed();
  const made = await bed.run(['submit', '--title', 'T', '--run', 'date +%N > now.txt', '--wait', '--json']);
  const { jobId } = lastJob(made);
  const file = join(bed.repo, '..', 't.cassette.jsonl');
  const recorded = await bed.run(['record', jobId, file]);
  expect(recorded).toMatchObject({ code: 0, stderr: '' });
  expect(recorded.stdout).toContain(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(
    /^\{"cassette":1,"executor":"command","scenario":"T","version":"task-relay /,
  );

  const again = await bed.run(['record', jobId, file]);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/could not be written.*EEXIST/) as string });

  const played = await bed.run(['submit', '--title', 'T', '--cassette', '../t.cassette.jsonl', '--wait', '--json']);
  const replay = lastJob(played);
  expect(replay).toMatchObject({ state: 'SUCCEEDED', executor: 'replay' });
  const patchOf = async (job: string): Promise<string> => (await bed.run(['artifact', job, 'patch.diff'])).stdout;
  expect(await patchOf(replay.jobId)).toBe(await patchOf(jobId));
  await bed.atRest();
});

it('says what cannot be recorded, and which budgets are none', async () => {
  const bed = new Bed();
  const failed = await bed.run([
    'submit',
    '--title',
    'T',
    '--executor',
    'command',
    '--run',
    'true',
    '--budget-usd',
    '1',
  ]);
  expect(failed).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/"command" does not tell.*budget\.usd/) as string,
  });
  const wrong = await bed.run(['submit', '--title', 'T', '--run', 'true', '--budget-usd', 'much']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/--budget-usd takes an amount/) as string });
  await bed.atRest();
});
