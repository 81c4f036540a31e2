import type { JobId } from '../domain/ids.ts';
import type { QueuedJob } from '../domain/job.ts';
import { executorOf, Priority, priorityOf } from '../domain/jobSpec.ts';

interface Place {
  /** The order in which the jobs were made. */
  readonly seq: number;
  readonly job: QueuedJob;
}

/** The QUEUED jobs by priority, then age. A job that comes back takes its old place. */
export class ReadyQueue {
  readonly #lanes: Readonly<Record<Priority, Place[]>> = { P0: [], P1: [], P2: [] };

  add(seq: number, job: QueuedJob): void {
    const lane = this.#lanes[priorityOf(job.spec)];
    lane.splice(placeOf(lane, seq), 0, { seq, job });
  }

  remove(seq: number, job: QueuedJob): void {
    const lane = this.#lanes[priorityOf(job.spec)];
    const index = placeOf(lane, seq);
    if (lane[index]?.seq === seq) lane.splice(index, 1);
  }

  /** Leaves out these jobs, and those that are for one of these executors. */
  first(except: ReadonlySet<JobId>, held: ReadonlySet<string> = new Set()): QueuedJob | undefined {
    for (const priority of Priority.options) {
      const place = this.#lanes[priority].find(
        ({ job }) => !except.has(job.id) && (job.rejudged !== undefined || !held.has(executorOf(job.spec))),
      );
      if (place !== undefined) return place.job;
    }
    return undefined;
  }
}

/** The index of the first place that is not before `seq`; most jobs come last. */
function placeOf(lane: readonly Place[], seq: number): number {
  const last = lane.at(-1);
  if (last === undefined || last.seq < seq) return lane.length;
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lane[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
