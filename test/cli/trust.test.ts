import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Verification } from '../../src/protocol/jobView.ts';
import { Bed } from './bed.ts';

it('verifies an honest job claim by claim, and tells a patch that is not the certified one', async () => {
  const bed = new Bed();
  const job = await bed.job('--run', 'echo two >> a.txt', '--check', 'two=grep -q two a.txt');
  expect(job.state).toBe('SUCCEEDED');
  const honest = await bed.run(['verify', job.jobId]);
  expect(honest).toMatchObject({ code: 0, stderr: '' });
  expect(honest.stdout).toMatch(/^holds {2}patch +patch\.diff is sha256 [0-9a-f]{64}\.$/m);
  expect(honest.stdout).toMatch(/^holds {2}two +Again pass \(fixed\)\./m);
  expect(honest.stdout).not.toContain('FAILS');

  const file = join(bed.root, 'mine.diff');
  writeFileSync(file, (await bed.run(['artifact', job.jobId, 'patch.diff'])).bytes);
  expect((await bed.run(['verify', job.jobId, '--patch', file])).code).toBe(0);
  writeFileSync(file, readFileSync(file, 'utf8').replace('+two', '+twx'));
  const other = await bed.run(['verify', job.jobId, '--patch', file, '--json']);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('does not hold: given patch') as string });
  expect(Verification.parse(JSON.parse(other.stdout))).toMatchObject({ holds: false });
  expect(await bed.run(['verify', job.jobId, '--patch', 'nowhere.diff'])).toMatchObject({ code: 2 });
});

it('does not believe a vault in which somebody changed a byte of the patch', async () => {
  const bed = new Bed();
  const job = await bed.job('--run', 'echo two >> a.txt');
  const digest = job.artifacts.find(({ name }) => name === 'patch.diff')?.digest ?? '';
  const path = join(bed.record, 'vault', digest.slice(0, 2), digest.slice(2));
  writeFileSync(path, readFileSync(path, 'utf8').replace('+two', '+twx'));
  const tampered = await bed.run(['verify', job.jobId]);
  expect(tampered).toMatchObject({ code: 1, stderr: expect.stringContaining('does not hold: patch') as string });
  expect(tampered.stdout).toMatch(/^FAILS {2}patch .* is damaged/m);
});

it('lifts nothing where no secret was found', async () => {
  const bed = new Bed();
  const job = await bed.job('--run', 'echo two >> a.txt');
  const lifted = await bed.run(['lift', job.jobId, 'abcdef']);
  expect(lifted).toMatchObject({ code: 2, stderr: expect.stringContaining('It has none') as string });
  expect(await bed.run(['lift', job.jobId])).toMatchObject({ code: 2 });
});
