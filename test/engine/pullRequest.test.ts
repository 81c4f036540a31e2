import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Check, FileChange } from '../../src/domain/artifact.ts';
import { JobId, ObjectId } from '../../src/domain/ids.ts';
import { created, transition } from '../../src/domain/machine.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { messageIn, PullRequest, pullRequest } from '../../src/engine/pullRequest.ts';
import { gitEnvironment } from '../fixtures/repository.ts';
import { leased, submitted } from '../store/events.ts';

const jobId = JobId.parse('abcdefgh234567ab');

function written(
  task: JobSpec['task'],
  more: { summary?: string; checks?: readonly Check[]; onBranch?: string; repo?: JobSpec['repo'] } = {},
): string {
  const { summary, checks = [], onBranch, repo } = more;
  const event = { ...submitted(), spec: { task, ...(repo === undefined ? {} : { repo }) } };
  const job = transition(created(jobId, { ...event, ...(onBranch === undefined ? {} : { onBranch }) }, 1), leased(), 2);
  if (!job.ok || job.value.state !== 'RUNNING') throw new Error('the job does not run');
  return pullRequest({
    job: job.value,
    usage: {},
    files: ['src/a.ts', 'src/it`s.ts'].map(fileAt),
    fileCount: 3,
    checks,
    ...(summary === undefined ? {} : { report: { summary } }),
  });
}

function fileAt(path: string): FileChange {
  const id = ObjectId.parse('1'.repeat(40));
  return { path, kind: 'modified', oldMode: '100644', newMode: '100644', oldId: id, newId: id };
}

const read = (text: string): PullRequest => PullRequest.parse(JSON.parse(text));

it('is as the golden file has it', async () => {
  const checks: Check[] = [
    { name: 'applies', verdict: 'pass', durationMs: 1, detail: 'git apply\nmore' },
    { name: 'unit tests', verdict: 'pass', durationMs: 1, label: 'fixed' },
    { name: 'lint', verdict: 'skip', durationMs: 1, detail: 'nothing to lint' },
  ];
  const task = {
    title: 'Zähle  die Wörter!\n(alle)',
    description: 'Every word.\n\nSigned-off-by: Nobody <n@example.org>',
  };
  const text = written(task, { summary: 'I counted them.', checks, onBranch: 'feature/words' });
  await expect(text).toMatchFileSnapshot('golden/pr.json');
});

it('has the branch that it is to be merged into, where one is known', () => {
  const task = { title: 'T' };
  expect(read(written(task, { onBranch: 'main' })).base).toBe('main');
  const baselineCommit = ObjectId.parse('2'.repeat(40));
  const repo = { type: 'git', url: 'https://example.org/r.git', baseBranch: 'trunk', baselineCommit } as const;
  expect(read(written(task, { repo, onBranch: 'main' })).base).toBe('trunk');
  const unknown = read(written(task));
  expect(unknown.base).toBe(unknown.baseline);
});

it('gives a message to a pr.json of an earlier version', () => {
  const { commitMessage, ...earlier } = read(written({ title: 'T', description: 'D' }));
  expect(messageIn(earlier, jobId)).toBe(commitMessage);
});

/** What git takes for the trailers of a message. */
function trailersOf(message: string): string {
  return execFileSync('git', ['interpret-trailers', '--parse', '--no-divider'], {
    input: message,
    env: gitEnvironment,
  }).toString();
}

it('has one trailer by the rules of git, whatever stands in title, description and summary', () => {
  const lines = fc.array(
    fc.oneof(fc.constantFrom('Signed-off-by: A <a@b>', 'Relay-Job: x', '---', '', '# c', ' more', 'a: b'), fc.string()),
  );
  const text = lines.map((all) => all.join('\n'));
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), text, text, (title, description, summary) => {
      const told = read(written({ title, description }, { summary }));
      expect(trailersOf(told.commitMessage ?? '')).toBe(`Relay-Job: ${jobId}\n`);
      expect(told.commitMessage).not.toContain('\0');
      expect(told.commitMessage?.split('\n')[1]).toBe('');
    }),
    { numRuns: 60 },
  );
});

it('keeps the name of the branch one that git takes, whatever the title', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (title) => {
      expect(read(written({ title })).branch).toMatch(/^relay\/[a-z0-9]+(?:-[a-z0-9]+)*$/);
    }),
  );
});
