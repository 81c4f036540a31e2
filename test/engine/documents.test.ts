import { expect, it } from 'vitest';
import type { Usage } from '../../src/domain/artifact.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { created, transition } from '../../src/domain/machine.ts';
import { outMarkdown } from '../../src/engine/documents.ts';
import { leased, submitted } from '../store/events.ts';

function out(usage: Usage): string {
  const job = transition(created(newJobId(), submitted(), 1), leased(), 2);
  if (!job.ok || job.value.state !== 'RUNNING') throw new Error('the job does not run');
  return outMarkdown({ job: job.value, usage, files: [], fileCount: 0, checks: [] });
}

it('tells in out.md what the executor used, where it told anything', () => {
  const usage = { inputTokens: 12_345, cachedInputTokens: 10_000, outputTokens: 678, costUsd: 0.0123, turns: 3 };
  expect(out(usage)).toContain(
    '\n\nThe executor used 12,345 in (10,000 cached), 678 out, $0.0123, 3 turns.\n\nBaseline ',
  );
  expect(out({})).not.toContain('used');
});
