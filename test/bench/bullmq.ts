import { specAtHead } from './sampleSpec.ts';

/** BullMQ's priorities: 1 is the most urgent. */
const PRIORITY = { P0: 1, P1: 2, P2: 3 } as const;

export interface BullQueue {
  /** Resolves when the job is added. */
  add(number: number): Promise<string>;
  /** Resolves when the worker has told of the job's completion. */
  completed(jobId: string): Promise<void>;
  close(): Promise<void>;
}

/** BullMQ as its guide has it: one Worker that runs `concurrency` jobs at once, all defaults, the same data as ours. */
export async function openBullQueue(port: number, concurrency: number): Promise<BullQueue> {
  const { Queue, Worker } = await import('bullmq');
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  const worker = new Worker('bench', () => Promise.resolve({ artifacts: [], checks: [] }), { connection, concurrency });
  const done = new Set<string>();
  const waiting = new Map<string, () => void>();
  worker.on('completed', ({ id = '' }) => {
    done.add(id);
    waiting.get(id)?.();
    waiting.delete(id);
  });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return {
    async add(number) {
      const spec = specAtHead(number);
      const job = await queue.add('job', spec, { priority: PRIORITY[spec.execution?.priority ?? 'P1'] });
      return job.id ?? '';
    },
    completed: (jobId) => (done.has(jobId) ? Promise.resolve() : new Promise((resolve) => waiting.set(jobId, resolve))),
    async close() {
      await worker.close();
      await queue.close();
    },
  };
}
