import { specAtHead } from './sampleSpec.ts';

/** BullMQ's priorities: 1 is the most urgent. */
const PRIORITY = { P0: 1, P1: 2, P2: 3 } as const;

export interface BullQueue {
  /** Jobs a second, from the first add until the last completion is heard of; `callers` add at once, each add awaited. */
  run(jobs: number, callers: number): Promise<number>;
  close(): Promise<void>;
}

/** BullMQ as its guide has it: one Worker that runs `concurrency` jobs at once, all defaults. */
export async function openBullQueue(port: number, concurrency: number): Promise<BullQueue> {
  const { Queue, Worker } = await import('bullmq');
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  const worker = new Worker('bench', () => Promise.resolve({ artifacts: [], checks: [] }), { connection, concurrency });
  let completed = 0;
  let target = 0;
  let onAll = (): void => undefined;
  worker.on('completed', () => {
    completed += 1;
    if (completed === target) onAll();
  });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return {
    async run(jobs, callers) {
      const all = new Promise<void>((resolve) => (onAll = resolve));
      completed = 0;
      target = jobs;
      let next = 0;
      const caller = async (): Promise<void> => {
        for (let number = next++; number < jobs; number = next++) {
          const spec = specAtHead(number);
          await queue.add('job', spec, { priority: PRIORITY[spec.execution?.priority ?? 'P1'] });
        }
      };
      const started = performance.now();
      await Promise.all([all, ...Array.from({ length: callers }, caller)]);
      return (jobs * 1000) / (performance.now() - started);
    },
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}
