import { chargeOf, type Charge } from '../domain/charge.ts';
import type { JournalEntry } from '../domain/event.ts';
import type { Job } from '../domain/job.ts';
import { created, transition } from '../domain/machine.ts';
import { readArchived } from './archive.ts';
import type { JobIndex } from './jobIndex.ts';
import { parsePack } from './journalText.ts';
import type { Vault } from './vault.ts';

/**
 * Fills the totals of a snapshot that was made before there were any, from the events of all its jobs. `unread`: archived
 * jobs whose events cannot be read any more; they do not count.
 */
export async function countPastUsage(index: JobIndex, vault: Vault): Promise<{ readonly unread: number }> {
  let unread = 0;
  for (const { lines } of index.lines()) index.put([], chargesOf(parsePack(lines) ?? []));
  for (const place of index.places()) {
    const records = await readArchived(vault, place);
    if (records.ok) index.put([], chargesOf(records.value));
    else unread += 1;
  }
  return { unread };
}

function chargesOf(records: readonly { readonly entry: JournalEntry }[]): readonly Charge[] {
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
