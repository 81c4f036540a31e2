import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { deliveryStarted, leased, submitted, succeeded } from './events.ts';
import { FlakyDisk } from './flakyDisk.ts';
import { inDirectory, openRecord, valueOf } from './record.ts';

const page = { limit: 100, offset: 0 };

async function submit(store: JobStore): Promise<{ readonly id: JobId; readonly ok: boolean }> {
  const id = newJobId();
  return { id, ok: (await store.append(id, submitted({ title: 'x'.repeat(200) }), 1)).ok };
}

describe('a store whose disk fails', () => {
  it('takes back what is not down, keeps what was, and goes on', () =>
    inDirectory(async (directory) => {
      const disk = new FlakyDisk();
      const store = await openRecord(directory, { disk });
      const kept = newJobId();
      for (const event of [submitted({ key: 'k' }), leased()]) valueOf(await store.append(kept, event, 1));
      const heard: number[] = [];
      store.onAppended(({ entry }) => heard.push(entry.seq));

      disk.fail.sync.push('EIO');
      disk.leftovers = 30;
      const lost = newJobId();
      const wave = [store.append(lost, submitted({ key: 'k' }), 2), store.append(kept, succeeded(), 2)];
      expect(store.byKey('k')).toMatchObject({ jobId: lost });
      const read = store.get(kept);
      const settled = store.settled();
      expect(await Promise.all(wave)).toMatchObject([
        { ok: false, error: { kind: 'io' } },
        { ok: false, error: { kind: 'io' } },
      ]);
      expect(await settled).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect(valueOf(await read)).toMatchObject({ state: 'RUNNING', stateVersion: 2 });
      expect(heard).toEqual([]);
      expect(store.byKey('k')).toMatchObject({ jobId: kept });
      expect(store.live().map(({ id }) => id)).toEqual([kept]);
      expect(store.nextQueued(new Set())).toBeUndefined();
      expect(await store.get(lost)).toMatchObject({ ok: false, error: { kind: 'notFound' } });
      expect(valueOf(await store.list(page)).total).toBe(1);

      valueOf(await store.append(kept, succeeded(), 3));
      valueOf(await store.append(kept, deliveryStarted, 4));
      expect(heard).toEqual([3, 4]);
      await store.close();
      const again = await openRecord(directory);
      expect(valueOf(await again.events(kept)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      expect(again.delivering()).toEqual([kept]);
      await again.close();
    }));

  it('keeps the old journal when a snapshot cannot be made, and makes the next', () =>
    inDirectory(async (directory) => {
      const disk = new FlakyDisk();
      const store = await openRecord(directory, { disk });
      const { id } = await submit(store);
      disk.fail.sync.push('ENOSPC', 'ENOSPC');
      expect(await store.compact()).toMatchObject({ ok: false, error: { kind: 'io' } });
      // Where a directory stands in its way, the snapshot cannot be written, either.
      await mkdir(join(directory, 'relay.sqlite', 'in the way'), { recursive: true });
      expect(await store.compact()).toMatchObject({ ok: false, error: { kind: 'io' } });
      valueOf(await store.append(id, leased(), 2));
      await rm(join(directory, 'relay.sqlite'), { recursive: true });
      await store.close();
      const again = await openRecord(directory);
      expect(valueOf(await again.get(id)).state).toBe('RUNNING');
      valueOf(await again.compact());
      await again.close();
      const last = await openRecord(directory);
      expect(valueOf(await last.get(id)).state).toBe('RUNNING');
      await last.close();
    }));
});

/** A file system of 1 MB; undefined where this user may not mount one. */
function mountSmall(directory: string): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a file system that is full', () => {
  it('fails the callers, keeps the jobs, and goes on when there is room again', (context) =>
    inDirectory(async (directory) => {
      const small = join(directory, 'small');
      await mkdir(small);
      if (!mountSmall(small)) {
        context.skip('this user may not mount a file system');
        return;
      }
      try {
        const record = join(small, 'record');
        const store = await openRecord(record);
        const early = await submit(store);
        await writeFile(join(small, 'filler'), Buffer.alloc(700 * 1024));
        const done = [early];
        let failures = 0;
        while (failures < 3 && done.length < 5000) {
          const wave = await Promise.all(Array.from({ length: 7 }, () => submit(store)));
          done.push(...wave.filter(({ ok }) => ok));
          failures += wave.some(({ ok }) => !ok) ? 1 : 0;
        }
        expect(failures).toBe(3);
        expect(done.length).toBeGreaterThan(100);
        expect(await store.compact()).toMatchObject({ ok: false, error: { kind: 'io' } });
        await rm(join(small, 'filler'));
        const late = await submit(store);
        expect(late.ok).toBe(true);
        valueOf(await store.compact());
        const expected = [...done, late].map(({ id }) => id);
        expect(store.live().map(({ id }) => id)).toEqual(expected);
        await store.close();
        const again = await openRecord(record);
        expect(again.live().map(({ id }) => id)).toEqual(expected);
        await again.close();
      } finally {
        // Lazily: a test that failed may have left the store open.
        execFileSync('umount', ['-l', small]);
      }
    }));
});
