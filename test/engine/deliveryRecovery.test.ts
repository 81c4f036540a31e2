import { chmodSync, existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { sha256 } from '../../src/base/canonical.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { Digest, type JobId } from '../../src/domain/ids.ts';
import { find, isSame } from '../../src/engine/fileState.ts';
import { fromOf, Receipt } from '../../src/engine/receipt.ts';
import { bringBack, placeOf, write } from '../../src/engine/writing.ts';
import type { Places } from '../../src/host/places.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { Vault } from '../../src/store/vault.ts';
import { assets, must } from '../fixtures/testHost.ts';
import { DeliveryBed, lines } from './deliveryBed.ts';

let bed: DeliveryBed;
afterEach(() => bed.close());

const FILES = { 'a.txt': lines(), 'b.txt': 'b\n', 'c.txt': 'c\n', 'src/d.txt': 'd\n' };
const CHANGE =
  'sed -i "2s/.*/two/; 28s/.*/more/" a.txt; rm b.txt; rm c.txt; mkdir c.txt; echo x > c.txt/x; rm -r src; echo n > new.txt';

/** The record of a host that has ended, and the words of a delivery in it. */
async function withRecord<T>(places: Places, use: (store: JobStore, vault: Vault) => Promise<T>): Promise<T> {
  const vault = new Vault(join(places.record, 'vault'));
  const store = must(await openStore({ directory: places.record, assets, vault, log: silentLog }));
  try {
    return await use(store, vault);
  } finally {
    await store.close();
  }
}

async function receiptOf(store: JobStore, vault: Vault, jobId: JobId): Promise<[Digest, Receipt]> {
  const job = must(await store.get(jobId));
  if (job.state !== 'SUCCEEDED' || job.delivery.state === 'none') throw new Error('not delivered');
  const { receipt } = job.delivery;
  return [receipt, Receipt.parse(JSON.parse(must(await vault.read(receipt)).toString()))];
}

/** What of the files a receipt has after it. */
async function contentsOf(root: string, receipt: Receipt): Promise<Map<Digest, Buffer>> {
  const contents = new Map<Digest, Buffer>();
  for (const { path } of receipt.files) {
    const { state, content } = await find(root, path);
    if (state.kind === 'file' || state.kind === 'link') contents.set(state.digest, content);
  }
  return contents;
}

it('ends in what was applied before or in all of it, wherever more of a patch is cut off', async () => {
  bed = new DeliveryBed(FILES);
  await bed.open();
  const { places } = bed.host.host;
  const trees = [bed.files()];
  const { jobId } = await bed.made(CHANGE);
  must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }, { path: 'c.txt' }] }));
  trees.push(bed.files());
  await bed.host.close();
  const [first] = await withRecord(places, (store, vault) => receiptOf(store, vault, jobId));
  await bed.open();
  must(await bed.apply(jobId));
  trees.push(bed.files());
  await bed.host.close();

  const [second, receipt] = await withRecord(places, (store, vault) => receiptOf(store, vault, jobId));
  const contents = await contentsOf(bed.repository, receipt);
  const steps = receipt.files.filter((file) => !isSame(fromOf(file), file.after));
  expect(steps.length).toBeGreaterThan(4);
  for (let written = 0; written <= steps.length; written++) {
    await withRecord(places, async (store, vault) => {
      const append = async (event: JobEvent): Promise<void> =>
        void must(await store.append(jobId, event, systemClock.now()));
      await bringBack(placeOf(vault, receipt), receipt, 'from', silentLog);
      expect(bed.files()).toEqual(trees[1]);
      await append({ type: 'undoStarted', by: 'cli' });
      await append({ type: 'undone' });
      await append({ type: 'deliveryStarted', receipt: first, by: 'cli' });
      await append({ type: 'delivered' });
      await append({ type: 'deliveryStarted', receipt: second, by: 'cli' });
      must(await write(receipt, steps.slice(0, written), contents));
      writeFileSync(bed.at(`.relay-${jobId}`), 'half a fi');
    });
    await bed.open();
    const { delivery, partial } = await bed.host.view(jobId);
    expect(delivery).toBe('applied');
    // The last step may make nothing that the others have not: a folder that a file of theirs is in.
    if (written < 4 || written === steps.length) expect(partial).toBe(written === steps.length ? undefined : true);
    expect(bed.files(), String(written)).toEqual(partial === true ? trees[1] : trees[2]);
    if (partial === true) must(await bed.apply(jobId));
    expect(bed.files()).toEqual(trees[2]);
    if (written < steps.length) await bed.host.close();
  }
  must(await bed.undo(jobId));
  expect(bed.files()).toEqual(trees[0]);
}, 120_000);

it('takes back what was begun where an undo of several parts is cut off', async () => {
  bed = new DeliveryBed(FILES);
  await bed.open();
  const { places } = bed.host.host;
  const before = bed.files();
  const { jobId } = await bed.made(CHANGE);
  must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }, { path: 'c.txt' }] }));
  must(await bed.apply(jobId, { chosen: [{ path: 'a.txt' }, { path: 'b.txt' }] }));
  await bed.host.close();
  await withRecord(places, (store) => store.append(jobId, { type: 'undoStarted', by: 'cli' }, systemClock.now()));
  bed.write({ 'b.txt': 'b\n' });
  await bed.open();
  expect(await bed.host.view(jobId)).toMatchObject({ delivery: 'undone' });
  expect(bed.files()).toEqual(before);
});

/** A host that ended in an apply, with every file written. */
async function cutOffAtItsEnd(jobId: JobId, places: Places): Promise<void> {
  await bed.host.close();
  await withRecord(places, async (store, vault) => {
    const [receipt] = await receiptOf(store, vault, jobId);
    const events: readonly JobEvent[] = [
      { type: 'undoStarted', by: 'cli' },
      { type: 'undone' },
      { type: 'deliveryStarted', receipt, by: 'cli' },
    ];
    for (const event of events) must(await store.append(jobId, event, systemClock.now()));
  });
}

it('finishes a delivery that was cut off after its last write: folders that it emptied go', async () => {
  bed = new DeliveryBed(FILES);
  await bed.open();
  const { places } = bed.host.host;
  const { jobId } = await bed.made(CHANGE);
  must(await bed.apply(jobId));
  const after = bed.files();
  await cutOffAtItsEnd(jobId, places);
  mkdirSync(bed.at('src'));
  await bed.open();
  expect((await bed.host.view(jobId)).delivery).toBe('applied');
  expect(bed.files()).toEqual(after);
});

it('brings back an empty folder where it was cut off between the folder and the file in its place', async () => {
  bed = new DeliveryBed(FILES);
  mkdirSync(bed.at('hollow/inner'), { recursive: true });
  chmodSync(bed.at('hollow'), 0o700);
  await bed.open();
  const { places } = bed.host.host;
  const before = bed.files();
  const { jobId } = await bed.made('echo x > hollow');
  must(await bed.apply(jobId));
  await cutOffAtItsEnd(jobId, places);
  unlinkSync(bed.at('hollow'));
  await bed.open();
  expect((await bed.host.view(jobId)).delivery).toBe('undone');
  expect(bed.files()).toEqual(before);
});

it('brings back folders within folders where it was cut off with the file in their place gone', async () => {
  bed = new DeliveryBed(FILES);
  await bed.open();
  const { places } = bed.host.host;
  const { jobId } = await bed.made('echo d > d');
  mkdirSync(bed.at('d/e'), { recursive: true });
  const before = bed.files();
  must(await bed.apply(jobId));
  await cutOffAtItsEnd(jobId, places);
  unlinkSync(bed.at('d'));
  await bed.open();
  expect((await bed.host.view(jobId)).delivery).toBe('undone');
  expect(bed.files()).toEqual(before);
  expect(existsSync(bed.at('d/e'))).toBe(true);
});

it('reads and undoes a receipt of an older version', async () => {
  bed = new DeliveryBed(FILES);
  await bed.open();
  const { places } = bed.host.host;
  const before = bed.files();
  const { jobId } = await bed.made(CHANGE);
  must(await bed.apply(jobId));
  await bed.host.close();
  await withRecord(places, async (store, vault) => {
    const [, receipt] = await receiptOf(store, vault, jobId);
    for (const { pack, offset, bytes } of receipt.contents ?? [])
      must(await vault.put(must(await vault.read(pack, { offset, length: bytes }))));
    const files = receipt.files.map(({ path, before: was, after }) => ({ path, before: was, after }));
    const old = JSON.stringify({ jobId, workspace: receipt.workspace, files, folders: receipt.folders });
    must(await vault.put(Buffer.from(old)));
    const events: JobEvent[] = [
      { type: 'undoStarted', by: 'cli' },
      { type: 'undone' },
      { type: 'deliveryStarted', receipt: Digest.parse(sha256(old)), by: 'cli' },
      { type: 'delivered' },
    ];
    for (const event of events) must(await store.append(jobId, event, systemClock.now()));
  });
  await bed.open();
  expect((await bed.host.view(jobId)).partial).toBeUndefined();
  await bed.refused(() => bed.apply(jobId), 'illegal', /applied already/);
  must(await bed.undo(jobId));
  expect(bed.files()).toEqual(before);
  expect(existsSync(bed.at(`.relay-${jobId}`))).toBe(false);
});
