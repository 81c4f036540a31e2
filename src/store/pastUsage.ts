import { chargeOf, type Charge } from '../domain/charge.ts';
import type { Job } from '../domain/job.ts';
import { created, transition } from '../domain/machine.ts';
import type { Digest } from '../domain/ids.ts';
import type { JobIndex } from './jobIndex.ts';
import { parsePack, type JournalRecord } from './journalText.ts';
import type { ArchivePlace } from './rows.ts';
import type { Vault } from './vault.ts';

/**
 * Fills the totals of a snapshot that was made before there were any, from the events of all its jobs. `unread`: archived
 * jobs whose events cannot be read any more; they do not count.
 */
export async function countPastUsage(index: JobIndex, vault: Vault): Promise<{ readonly unread: number }> {
  const saved = index.lines().map(({ lines }) => parsePack(lines) ?? []);
  index.put([], saved.flatMap(chargesOf));
  let unread = 0;
  for (const [pack, places] of byPack(index.places())) {
    const jobs = await readJobs(vault, pack, places);
    index.put([], jobs.flatMap(chargesOf));
    unread += places.length - jobs.length;
  }
  return { unread };
}

function byPack(places: readonly ArchivePlace[]): ReadonlyMap<Digest, readonly ArchivePlace[]> {
  const packs = new Map<Digest, ArchivePlace[]>();
  for (const place of places) {
    const others = packs.get(place.pack);
    if (others === undefined) packs.set(place.pack, [place]);
    else others.push(place);
  }
  return packs;
}

/** The jobs of a pack whose events can be read. At once: a read for each of ten thousand jobs takes seconds. */
async function readJobs(
  vault: Vault,
  pack: Digest,
  places: readonly ArchivePlace[],
): Promise<readonly (readonly JournalRecord[])[]> {
  const end = places.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
  const bytes = await vault.read(pack, { offset: 0, length: end });
  if (!bytes.ok) return [];
  return places.flatMap(({ offset, length }) => {
    const own = bytes.value.subarray(offset, offset + length);
    const records = own.length === length ? parsePack(own) : undefined;
    return records === undefined ? [] : [records];
  });
}

function chargesOf(records: readonly JournalRecord[]): readonly Charge[] {
  const charges: Charge[] = [];
  let job: Job | undefined;
  for (const { entry } of records) {
    const { jobId, event, at } = entry;
    if (job === undefined) {
      if (event.type !== 'submitted') return [];
      job = created(jobId, event, at);
      continue;
    }
    const charge = chargeOf(job, event, at);
    const next = transition(job, event, at);
    if (!next.ok) return charges;
    if (charge !== undefined) charges.push(charge);
    job = next.value;
  }
  return charges;
}
