import { realDisk, type Disk } from '../../src/store/journalFile.ts';

type Call = 'write' | 'sync' | 'truncate';

/** The real disk, on which chosen calls fail. */
export class FlakyDisk implements Disk {
  readonly writesThrough = false;
  /** How often each call was made. */
  readonly calls: Record<Call, number> = { write: 0, sync: 0, truncate: 0 };
  /** The next calls of a kind fail with these codes. */
  readonly fail: Record<Call, string[]> = { write: [], sync: [], truncate: [] };
  /** The most bytes that a write takes: it is short then, without an error. */
  most = Infinity;
  /** Bytes that a failing write puts down before it fails. */
  leftovers = 0;
  /** Set: each write waits for it. */
  gate: Promise<void> | undefined;

  async write(fd: number, bytes: Uint8Array, position: number): Promise<number> {
    this.calls.write += 1;
    await this.gate;
    if (this.fail.write.length > 0 && this.leftovers > 0) {
      await realDisk.write(fd, bytes.subarray(0, this.leftovers), position);
    }
    this.#meet('write');
    return realDisk.write(fd, bytes.subarray(0, this.most), position);
  }

  async sync(fd: number): Promise<void> {
    this.calls.sync += 1;
    this.#meet('sync');
    await realDisk.sync(fd);
  }

  async truncate(fd: number, length: number): Promise<void> {
    this.calls.truncate += 1;
    this.#meet('truncate');
    await realDisk.truncate(fd, length);
  }

  #meet(call: Call): void {
    const code = this.fail[call].shift();
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${call}`), { code });
  }
}
