import { ObjectId } from '../../src/domain/ids.ts';
import type { JobSpec, Priority } from '../../src/domain/jobSpec.ts';

/** A task as people write them: its journal line has about 1.6 kB. */
const DESCRIPTION = [
  'Replace the hand-written date formatting in the report module by the shared formatter, keep the output byte for byte,',
  'and add a test for the two time zones in which it was wrong before. Touch nothing outside of the module.',
]
  .join(' ')
  .repeat(4);

const PRIORITIES: readonly Priority[] = ['P0', 'P1', 'P2'];

/** At the repository's HEAD, which submit resolves. */
export function specAtHead(number: number): JobSpec {
  return {
    task: { title: `Task ${number}`, description: DESCRIPTION, acceptance: ['npm test passes', 'no file is added'] },
    scope: { fileGlobs: ['src/report/**', 'test/report/**'] },
    execution: { executor: 'command', command: 'true', priority: PRIORITIES[number % 3] ?? 'P1' },
    labels: { team: 'reports' },
  };
}

/** With a baseline that is named, so that nothing is asked of git. */
export function specAtCommit(number: number): JobSpec {
  const baselineCommit = ObjectId.parse('0123456789abcdef0123456789abcdef01234567');
  const repo = { type: 'git', url: 'https://localhost/bench.git', baseBranch: 'main', baselineCommit } as const;
  return { ...specAtHead(number), repo };
}
