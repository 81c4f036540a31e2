import { expect, it } from 'vitest';
import type { Usage } from '../../src/domain/artifact.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { UsageReport } from '../../src/protocol/usage.ts';
import { attemptFailed, canceled, leased, sealed, submitted, succeeded, withUsage } from '../store/events.ts';
import { openRecord, valueOf } from '../store/record.ts';
import { Bed, lastJob, lastLine } from './bed.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const used: Usage = { inputTokens: 12_345, cachedInputTokens: 10_000, outputTokens: 678, costUsd: 0.0123, turns: 3 };

/** A record in which jobs have cost something, as executors of other programs leave it. */
async function seeded(bed: Bed): Promise<JobId> {
  const store = await openRecord(bed.record);
  const job = async (day: number, executor: string, ...events: readonly JobEvent[]): Promise<JobId> => {
    const jobId = newJobId();
    const begin = noon + day * 86_400_000;
    valueOf(await store.append(jobId, { ...submitted(), executor }, begin));
    for (const [index, event] of events.entries()) valueOf(await store.append(jobId, event, begin + index * 20_500));
    return jobId;
  };
  const tried = [leased(1), withUsage(attemptFailed(1), used), leased(2), withUsage(succeeded(2), used)];
  const jobId = await job(0, 'claude', ...tried);
  await job(0, 'codex', leased(), canceled, withUsage(sealed(), { inputTokens: 1_000_000 }));
  await job(1, 'command', leased(), succeeded());
  valueOf(await store.compact());
  await job(1, 'claude', ...tried);
  await store.close();
  return jobId;
}

const table = `day (UTC)   executor  attempts  succeeded  failed      input  cached  output     cost  turns       time
2026-01-01  claude           2          1       1     24,690  20,000   1,356  $0.0246      6       41 s
2026-01-01  codex            1          0       0  1,000,000       –       –        –      –       21 s
2026-01-02  claude           2          1       1     24,690  20,000   1,356  $0.0246      6       41 s
2026-01-02  command          1          1       0          –       –       –        –      –       21 s
total                        6          3       2  1,049,380  40,000   2,712  $0.0492     12  2 min 3 s
`;

it('tells what was used by day and executor, with a host and without', async () => {
  const bed = new Bed();
  const jobId = await seeded(bed);
  const look = async (): Promise<void> => {
    expect(await bed.run(['usage'])).toMatchObject({ code: 0, stdout: table, stderr: '' });
    const one = UsageReport.parse(lastLine(await bed.run(['usage', '--since', '2026-01-02', '--json'])));
    expect(one.rows.map(({ day, executor }) => [day, executor])).toEqual([
      ['2026-01-02', 'claude'],
      ['2026-01-02', 'command'],
    ]);
    expect(one.total).toEqual({
      attempts: 3,
      succeeded: 2,
      failed: 1,
      inputTokens: 24_690,
      cachedInputTokens: 20_000,
      outputTokens: 1356,
      costUsd: 0.0246,
      turns: 6,
      wallMs: 61_500,
    });
    expect((await bed.run(['usage', '--until', '2025-12-31'])).stdout).toBe('No attempt has ended in this time.\n');
    // Both attempts are the job's own.
    const line = '24,690 in (20,000 cached), 1,356 out, $0.0246, 6 turns, 41 s';
    expect((await bed.run(['show', jobId])).stdout).toContain(`\n  usage     ${line}\n`);
  };
  await look();
  const host = await bed.serve();
  await look();
  host.running.child.kill('SIGTERM');
  await host.running.done;
  await bed.atRest();
});

it('counts a job that a real host has run', async () => {
  const bed = new Bed();
  await bed.serve();
  const job = await bed.job('--run', 'echo 2 > a.txt');
  const { rows, total } = UsageReport.parse(lastLine(await bed.run(['usage', '--json'])));
  expect(rows).toMatchObject([{ executor: 'command', attempts: 1, succeeded: 1, failed: 0 }]);
  expect(total).toEqual({ attempts: 1, succeeded: 1, failed: 0, wallMs: job.usage?.wallMs });
  expect(total.wallMs).toBe(job.durationMs);
  expect(lastJob(await bed.run(['show', job.jobId, '--json'])).usage).toEqual({ wallMs: total.wallMs });
});

it('refuses what is no day, and days the wrong way round', async () => {
  const bed = new Bed();
  for (const day of ['yesterday', '2026-02-30', '2026-1-1']) {
    const ran = await bed.run(['usage', '--since', day]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('YYYY-MM-DD');
  }
  const turned = await bed.run(['usage', '--since', '2026-01-02', '--until', '2026-01-01']);
  expect(turned).toMatchObject({ code: 2, stdout: '' });
  expect(turned.stderr).toContain('give the earlier one as since');
});
