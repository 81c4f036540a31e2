// Appends to the record in argv[2] until it is killed: eight at once, each telling "<job> <version>" when it was told so.
import { writeSync } from 'node:fs';
import { newJobId } from '../../src/domain/ids.ts';
import { deliveryStarted, delivered, leased, submitted, succeeded } from './events.ts';
import { openRecord, valueOf } from './record.ts';

// A small journal, so that many of the kills meet a rotation.
const store = await openRecord(process.argv[2] ?? '', { compactAt: 20_000 });

async function work(): Promise<never> {
  for (;;) {
    const jobId = newJobId();
    for (const event of [submitted(), leased(), succeeded(), deliveryStarted, delivered]) {
      const job = valueOf(await store.append(jobId, event, 1));
      writeSync(1, `${jobId} ${job.stateVersion}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, work));
