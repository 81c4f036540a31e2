import { err, ok, type Result } from '../base/result.ts';
import type { JournalEntry } from '../domain/event.ts';
import type { Digest } from '../domain/ids.ts';
import { isDelivering, isTerminal, owesNotice, type Job } from '../domain/job.ts';
import { created, transition } from '../domain/machine.ts';
import type { StoreIoError } from './jobStore.ts';
import { parsePack, type JournalRecord } from './journalText.ts';
import type { Ledger, Tracked } from './ledger.ts';
import type { ArchivePlace } from './rows.ts';
import type { Vault } from './vault.ts';

/** The lines of many ended jobs as one content of the vault. */
export interface Pack {
  readonly digest: Digest;
  readonly jobs: readonly { readonly tracked: Tracked; readonly offset: number; readonly length: number }[];
}

/** Packs what has ended and is not archived as it is now; undefined where there is nothing. */
export async function packEnded(ledger: Ledger, vault: Vault): Promise<Result<Pack | undefined, StoreIoError>> {
  const lines: Buffer[] = [];
  const jobs: { tracked: Tracked; offset: number; length: number }[] = [];
  let offset = 0;
  for (const tracked of ledger.allOnDisk()) {
    const isDone = isTerminal(tracked.job) && !isDelivering(tracked.job) && !owesNotice(tracked.job);
    if (!isDone || tracked.archived === tracked.lines.length) continue;
    const length = tracked.lines.reduce((sum, line) => sum + line.length, 0);
    lines.push(...tracked.lines);
    jobs.push({ tracked, offset, length });
    offset += length;
  }
  if (jobs.length === 0) return ok(undefined);
  const stored = await vault.put(lines);
  return stored.ok ? ok({ digest: stored.value.digest, jobs }) : stored;
}

/** Reads an archived job's records back; each carries its own checksum. */
export async function readArchived(
  vault: Vault,
  { pack, offset, length }: ArchivePlace,
): Promise<Result<readonly JournalRecord[], StoreIoError>> {
  const bytes = await vault.read(pack, { offset, length });
  if (!bytes.ok) return err({ kind: 'io', message: bytes.error.message });
  const records = bytes.value.length === length ? parsePack(bytes.value) : undefined;
  return records === undefined
    ? err({
        kind: 'io',
        message: `${vault.pathOf(pack)} is damaged: the events of an archived job in it cannot be read`,
      })
    : ok(records);
}

/** The job that a whole sequence of its events makes; undefined where they make none. */
export function fold(entries: readonly JournalEntry[]): Job | undefined {
  let job: Job | undefined;
  for (const { jobId, event, at } of entries) {
    if (job === undefined) {
      if (event.type !== 'submitted') return undefined;
      job = created(jobId, event, at);
      continue;
    }
    const next = transition(job, event, at);
    if (!next.ok) return undefined;
    job = next.value;
  }
  return job;
}

/** An archived job as the ledger keeps it; undefined where its records make no job. */
export function trackArchived(seq: number, records: readonly JournalRecord[]): Tracked | undefined {
  const job = fold(records.map(({ entry }) => entry));
  const lines = records.map(({ line }) => line);
  return job === undefined ? undefined : { seq, job, lines, archived: lines.length };
}
