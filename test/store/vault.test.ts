import { createHash } from 'node:crypto';
import { chmod, link, mkdir, open, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/canonical.ts';
import { Vault } from '../../src/store/vault.ts';
import { someDigest } from './events.ts';
import { inDirectory, valueOf } from './record.ts';

function withVault(run: (vault: Vault, directory: string) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => run(new Vault(join(directory, 'vault')), directory));
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('the vault', () => {
  it('gives back any bytes, and any slice of them', () =>
    withVault(async (vault) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(400), fc.nat(400), async (bytes, offset, length) => {
          const { digest, bytes: size } = valueOf(await vault.put(bytes));
          expect([digest, size]).toEqual([sha256(bytes), bytes.length]);
          expect([...valueOf(await vault.read(digest))]).toEqual([...bytes]);
          const slice = valueOf(await vault.read(digest, { offset, length }));
          expect([...slice]).toEqual([...bytes.subarray(offset, offset + length)]);
        }),
        { numRuns: 50 },
      );
    }));

  it('keeps one copy of a content, however often and at once it is put', () =>
    withVault(async (vault, directory) => {
      const stored = await Promise.all(Array.from({ length: 8 }, () => vault.put(Buffer.from('the same'))));
      expect(new Set(stored.map((one) => valueOf(one).digest)).size).toBe(1);
      const [path = ''] = await filesBelow(join(directory, 'vault'));
      const { ino } = await stat(path);
      valueOf(await vault.put(Buffer.from('the same')));
      expect((await stat(path)).ino).toBe(ino);
      expect(await filesBelow(join(directory, 'vault'))).toEqual([path]);
    }));

  it('shows its files to nobody but their owner', () =>
    withVault(async (vault, directory) => {
      const { digest } = valueOf(await vault.put(Buffer.from('secret')));
      await writeFile(join(directory, 'open'), 'open', { mode: 0o644 });
      const taken = valueOf(await vault.putFile(join(directory, 'open')));
      for (const one of [digest, taken.digest]) {
        expect((await stat(vault.pathOf(one))).mode & 0o777).toBe(0o600);
        expect((await stat(join(vault.pathOf(one), '..'))).mode & 0o777).toBe(0o700);
      }
      expect((await stat(join(directory, 'vault'))).mode & 0o777).toBe(0o700);
    }));

  it('tells a damaged file from a missing one', () =>
    withVault(async (vault) => {
      expect(await vault.read(someDigest)).toMatchObject({ ok: false, error: { kind: 'missing' } });
      const { digest } = valueOf(await vault.put(Buffer.from('whole')));
      await writeFile(vault.pathOf(digest), 'whale');
      expect(await vault.read(digest)).toMatchObject({ ok: false, error: { kind: 'damaged' } });
    }));

  it('writes a file anew that lost its end', () =>
    withVault(async (vault) => {
      const { digest } = valueOf(await vault.put(Buffer.from('whole')));
      await truncate(vault.pathOf(digest), 2);
      valueOf(await vault.put(Buffer.from('whole')));
      expect(valueOf(await vault.read(digest)).toString()).toBe('whole');
    }));

  it('takes a large file in without reading it into memory', () =>
    withVault(async (vault, directory) => {
      const path = join(directory, 'large');
      const size = 192 * 1024 * 1024;
      const handle = await open(path, 'w');
      await handle.write('begin');
      await handle.truncate(size);
      await handle.close();
      const before = process.memoryUsage().rss;
      const stored = valueOf(await vault.putFile(path));
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
      const expected = createHash('sha256').update('begin');
      const zeros = Buffer.alloc(1024 * 1024);
      for (let left = size - 5; left > 0; left -= zeros.length)
        expected.update(zeros.subarray(0, Math.min(left, zeros.length)));
      expect(stored).toEqual({ digest: expected.digest('hex'), bytes: size });
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await filesBelow(join(directory, 'vault'))).toEqual([vault.pathOf(stored.digest)]);
    }));

  it('takes a file in that it has, and leaves nothing of it', () =>
    withVault(async (vault, directory) => {
      const { digest } = valueOf(await vault.put(Buffer.from('both')));
      await writeFile(join(directory, 'copy'), 'both');
      expect(valueOf(await vault.putFile(join(directory, 'copy')))).toEqual({ digest, bytes: 4 });
      expect(await filesBelow(directory)).toEqual([vault.pathOf(digest)]);
    }));

  it('takes in regular files alone', () =>
    withVault(async (vault, directory) => {
      await writeFile(join(directory, 'target'), 'mine');
      await symlink(join(directory, 'target'), join(directory, 'link'));
      for (const name of ['link', 'nothing', '.']) {
        expect(await vault.putFile(join(directory, name))).toMatchObject({ ok: false, error: { kind: 'io' } });
      }
      expect(await readFile(join(directory, 'target'), 'utf8')).toBe('mine');
    }));

  it('sweeps what a writer that died has left, and keeps the rest', () =>
    withVault(async (vault, directory) => {
      const { digest } = valueOf(await vault.put(Buffer.from('kept')));
      await mkdir(join(directory, 'vault', 'tmp'), { recursive: true });
      await writeFile(join(directory, 'vault', 'tmp', '77'), 'half');
      valueOf(await vault.sweep());
      expect(await filesBelow(directory)).toEqual([vault.pathOf(digest)]);
    }));

  it('says what stands in the way, and leaves no half of a file', () =>
    withVault(async (vault, directory) => {
      await mkdir(join(directory, 'vault'), { recursive: true });
      await writeFile(join(directory, 'vault', sha256('x').slice(0, 2)), 'in the way');
      const result = await vault.put(Buffer.from('x'));
      expect(result).toMatchObject({ ok: false, error: { kind: 'io' } });
      expect(await filesBelow(directory)).toHaveLength(1);
    }));
});

// Kept apart from the property above: a hard link elsewhere must not make the vault's own file writable to others.
it('changes the mode of what it takes in', () =>
  withVault(async (vault, directory) => {
    await writeFile(join(directory, 'a'), 'linked');
    await link(join(directory, 'a'), join(directory, 'b'));
    await chmod(join(directory, 'a'), 0o666);
    const { digest } = valueOf(await vault.putFile(join(directory, 'a')));
    expect((await stat(vault.pathOf(digest))).mode & 0o777).toBe(0o600);
  }));
