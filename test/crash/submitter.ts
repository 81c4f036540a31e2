import type { JobId } from '../../src/domain/ids.ts';
import { isTerminalState } from '../../src/domain/jobState.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { Submitted } from '../../src/protocol/jobView.ts';
import type { Relay } from '../../src/protocol/relay.ts';

/** Jobs that one submitter has under way at once. */
const UNDER_WAY = 4;

/** Something that is waited for, by however many. */
class Moment {
  readonly come: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.come = new Promise((resolve) => (this.#resolve = resolve));
  }

  comes(): void {
    this.#resolve();
  }
}

/** The hosts that come one after another, as those who talk to them see it. */
export class Hosts {
  #relay: Relay | undefined;
  #next = new Moment();
  #acknowledgement = new Moment();
  readonly #over = new Set<JobId>();
  readonly #waiting = new Map<JobId, Moment>();

  /** There is a host again: what ended meanwhile is asked for. */
  async began(relay: Relay): Promise<void> {
    relay.onChange((change) => {
      if (change.kind === 'job' && isTerminalState(change.state)) this.#ended(change.jobId);
    });
    this.#relay = relay;
    this.#next.comes();
    this.#next = new Moment();
    for (const jobId of [...this.#waiting.keys()]) {
      const job = await relay.get({ jobId });
      // A job that is lost has no end to wait for: it is missed when all are counted.
      const isLost = !job.ok && job.error.kind === 'notFound';
      if (isLost || (job.ok && isTerminalState(job.value.state))) this.#ended(jobId);
    }
  }

  /** This host is gone; another may be there already. */
  lost(relay: Relay | undefined): void {
    if (this.#relay === relay) this.#relay = undefined;
  }

  async relay(): Promise<Relay> {
    while (this.#relay === undefined) await this.#next.come;
    return this.#relay;
  }

  /** Resolves when a host has acknowledged a job, from now on. */
  nextAcknowledgement(): Promise<void> {
    return this.#acknowledgement.come;
  }

  acknowledged({ jobId, state }: Submitted): void {
    if (isTerminalState(state)) this.#ended(jobId);
    this.#acknowledgement.comes();
    this.#acknowledgement = new Moment();
  }

  /** Resolves when the job has ended, whichever host ran it. */
  async end(jobId: JobId): Promise<void> {
    if (this.#over.has(jobId)) return;
    const moment = this.#waiting.get(jobId) ?? new Moment();
    this.#waiting.set(jobId, moment);
    await moment.come;
  }

  #ended(jobId: JobId): void {
    this.#over.add(jobId);
    this.#waiting.get(jobId)?.comes();
    this.#waiting.delete(jobId);
  }
}

/** Submits one job after another until it is told to stop; the jobs that were acknowledged, by their keys. */
export async function submitAgainAndAgain(
  hosts: Hosts,
  name: string,
  workspace: string,
  over: AbortSignal,
): Promise<ReadonlyMap<string, JobId>> {
  const acknowledged = new Map<string, JobId>();
  const underWay = new Set<Promise<void>>();
  for (let count = 0; !over.aborted; count++) {
    const key = `${name}-${String(count)}`;
    const jobId = await acknowledgement(hosts, specFor(key, count), workspace);
    acknowledged.set(key, jobId);
    const end = hosts.end(jobId).finally(() => underWay.delete(end));
    underWay.add(end);
    if (underWay.size >= UNDER_WAY) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return acknowledged;
}

/** Until a host says that it has the job. One that was killed in the middle may have taken it: the key makes it one job. */
async function acknowledgement(hosts: Hosts, spec: JobSpec, workspace: string): Promise<JobId> {
  for (;;) {
    const relay = await hosts.relay();
    const answer = await relay.submit({ spec, workspace, origin: 'cli' });
    if (answer.ok) {
      hosts.acknowledged(answer.value);
      return answer.value.jobId;
    }
    if (answer.error.kind !== 'closing') throw new Error(`refused: ${answer.error.message}`);
    hosts.lost(relay);
  }
}

/** Every job makes a file of its own; every third leaves a child in a session of its own. */
function specFor(key: string, count: number): JobSpec {
  const leave = count % 3 === 0 ? 'setsid sleep 60 & ' : '';
  return {
    task: { title: key, description: 'So long that snapshots come often. '.repeat(20) },
    execution: { command: `${leave}echo ${key} > ${key}.txt` },
    idempotencyKey: key,
  };
}
