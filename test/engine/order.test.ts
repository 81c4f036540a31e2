import { expect, it } from 'vitest';
import { exerciseOrder } from '../fixtures/orderLaw.ts';
import type { History } from '../fixtures/randomHistory.ts';

/** `npm run test:long` has two hundred, of up to five results. */
const HISTORIES = 20;

/** What another patch touches, git must not take for this one's file that has moved. */
const movedOntoAnother: History = {
  steps: [
    { kind: 'result', edits: [{ kind: 'line', path: 'g/h.txt', line: 0, text: 'one' }] },
    { kind: 'result', edits: [{ kind: 'line', path: 'a.txt', line: 0, text: 'one' }] },
  ],
  dirty: [{ kind: 'move', path: 'a.txt', to: 'g/h.txt' }],
  isStaged: false,
};

it('patches stand, and fit together, as real checkouts have it, whatever became of the repository', async () => {
  const tally = await exerciseOrder(3, { numRuns: HISTORIES, examples: [[movedOntoAnother]] });
  expect(tally.clean + tally.merged + tally.conflict + tally.contained).toBeGreaterThan(HISTORIES);
}, 240_000);
