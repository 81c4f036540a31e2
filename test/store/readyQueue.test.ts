import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newJobId } from '../../src/domain/ids.ts';
import { Priority } from '../../src/domain/jobSpec.ts';
import { created } from '../../src/domain/machine.ts';
import { ReadyQueue } from '../../src/store/readyQueue.ts';
import { submitted } from './events.ts';

describe('the ready queue', () => {
  it('gives what sorting by priority and age gives, whatever comes and goes', () => {
    const jobs = Priority.options.flatMap((priority) =>
      Array.from({ length: 6 }, () => created(newJobId(), submitted({ priority }), 1)),
    );
    const change = fc.record({ seq: fc.nat(jobs.length - 1), adds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.array(fc.nat(jobs.length - 1)), (changes, left) => {
        // Ages and priorities are independent: 7 is coprime to the number of jobs.
        const jobOf = (seq: number) => jobs[(seq * 7) % jobs.length] ?? fail();
        const queue = new ReadyQueue();
        const present = new Set<number>();
        for (const { seq, adds } of changes) {
          if (adds && !present.has(seq)) queue.add(seq, jobOf(seq));
          if (!adds) queue.remove(seq, jobOf(seq));
          if (adds) present.add(seq);
          else present.delete(seq);
        }
        const except = new Set(left.map((seq) => jobOf(seq).id));
        const sorted = [...present]
          .sort((a, b) => a - b)
          .map(jobOf)
          .filter(({ id }) => !except.has(id));
        const first = Priority.options.flatMap((p) => sorted.filter((job) => job.spec.execution?.priority === p))[0];
        expect(queue.first(except)).toBe(first);
      }),
    );
  });
});

function fail(): never {
  throw new Error('no such job');
}
