import { expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { err } from '../../src/base/result.ts';
import { newJobId } from '../../src/domain/ids.ts';
import { noneAllowed, Questions } from '../../src/engine/questions.ts';
import { leased, submitted } from '../store/events.ts';
import { inDirectory, openRecord, valueOf } from '../store/record.ts';

const question = { text: 'Which?', choices: ['yes', 'no'], fallback: 'no' };

it.each(['deadline', 'ended'])('the fallback of a question is written once the disk takes it: %s', async (by) => {
  await inDirectory(async (directory) => {
    const store = await openRecord(directory);
    const clock = new ManualClock();
    const jobId = newJobId();
    valueOf(await store.append(jobId, submitted(), clock.now()));
    const job = valueOf(await store.append(jobId, leased(), clock.now()));
    if (job.state !== 'RUNNING') throw new Error(job.state);

    const append = store.append.bind(store);
    let refusals = 0;
    store.append = (id, event, at) => {
      if (event.type !== 'answered' || refusals === 3) return append(id, event, at);
      refusals += 1;
      return Promise.resolve(err({ kind: 'io', message: 'the disk is full' }));
    };
    const over = new AbortController();
    const questions = new Questions({
      store,
      clock,
      allowed: noneAllowed,
      deadlineMs: by === 'deadline' ? 1000 : 3600_000,
    });
    let told: string | undefined;
    const isPut = new Promise<void>((resolve) => void store.onAppended(() => resolve()));
    void questions
      .askFor(job, new AbortController().signal)(question, over.signal)
      .then((answer) => (told = answer));
    await isPut;
    if (by === 'ended') over.abort();
    while (told === undefined) {
      clock.advance(by === 'deadline' ? 1000 : 300);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toBe('no');
    expect(refusals).toBe(3);
    const last = valueOf(await store.events(jobId)).at(-1)?.event;
    expect(last).toMatchObject({ type: 'answered', answer: 'no', by });
    await store.close();
  });
});
