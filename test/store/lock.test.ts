import { readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/store/lock.ts';
import { kill, linesOf, startChild } from './child.ts';
import { inDirectory } from './record.ts';

async function held(path: string): Promise<ReturnType<typeof startChild>> {
  const child = startChild('lockHolder.ts', path);
  expect((await linesOf(child).next()).value).toBe('acquired');
  return child;
}

describe('the lock of a record', () => {
  it('is refused while another process holds it, and free at once when that is killed', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'lock');
      const child = await held(path);
      try {
        expect(acquireLock(path)).toMatchObject({ ok: false, error: { kind: 'held' } });
      } finally {
        await kill(child);
      }
      const lock = acquireLock(path);
      expect(lock).toMatchObject({ ok: true });
      if (lock.ok) lock.value.dispose();
    }));

  it('keeps another process out while this one holds it, also after a refused second try here', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'lock');
      const lock = acquireLock(path);
      expect(acquireLock(path)).toMatchObject({ ok: false, error: { kind: 'held' } });
      const child = startChild('lockHolder.ts', path);
      expect((await linesOf(child).next()).value).toBe('held');
      await kill(child);
      if (lock.ok) lock.value.dispose();
      await kill(await held(path));
    }));

  it('is one by whatever path it is reached', () =>
    inDirectory(async (directory) => {
      const lock = acquireLock(join(directory, 'record', 'lock'));
      await symlink(join(directory, 'record'), join(directory, 'other'));
      expect(acquireLock(join(directory, 'other', 'lock'))).toMatchObject({ ok: false, error: { kind: 'held' } });
      if (lock.ok) lock.value.dispose();
      const again = acquireLock(join(directory, 'other', 'lock'));
      expect(again.ok).toBe(true);
      if (again.ok) again.value.dispose();
    }));

  it('leaves no other file, and lets only its owner read', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'record', 'lock');
      const lock = acquireLock(path);
      expect(await readdir(join(directory, 'record'))).toEqual(['lock']);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(directory, 'record'))).mode & 0o777).toBe(0o700);
      if (lock.ok) lock.value.dispose();
      expect(await readdir(join(directory, 'record'))).toEqual(['lock']);
    }));

  it('says why where it cannot be made', () =>
    inDirectory((directory) => {
      const result = acquireLock(join(directory, 'x'.repeat(300), 'lock'));
      expect(result).toMatchObject({ ok: false, error: { kind: 'io' } });
      return Promise.resolve();
    }));
});
