import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { Lane } from '../base/lane.ts';
import type { Redactor } from '../checks/redactor.ts';
import { Tail } from '../process/output.ts';
import type { Stored, Vault } from '../store/vault.ts';

/** Bytes of each section that are kept from its beginning and from its end. A gate has four sections at most. */
const HEAD_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 1024 * 1024;

/**
 * All that the runs of one gate print, both streams in the order of their arrival, in a file that grows meanwhile: a
 * section a run. Memory and file are bounded however much is printed.
 */
export class GateOutput {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lane = new Lane();
  #pending: Buffer[] = [];
  #head = 0;
  #tail: Tail | undefined;
  #taken = 0;
  #isWhole = true;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<GateOutput> {
    return new GateOutput(path, await open(path, 'w', 0o600));
  }

  begin(heading: string): void {
    this.#head = 0;
    this.#tail = undefined;
    this.#taken = 0;
    this.#write(Buffer.from(`${heading}\n`));
  }

  take(chunk: Buffer): void {
    this.#taken += chunk.length;
    const room = HEAD_BYTES - this.#head;
    if (room > 0) this.#write(chunk.subarray(0, room));
    this.#head += Math.min(room, chunk.length);
    if (chunk.length <= room) return;
    this.#tail ??= new Tail(TAIL_BYTES);
    this.#tail.take(chunk.subarray(room));
  }

  /** Writes the end of a section that was cut, and how the run ended. */
  end(how: string): void {
    const last = this.#tail?.bytes() ?? Buffer.alloc(0);
    const left = this.#taken - this.#head - last.length;
    if (left > 0) this.#write(Buffer.from(`\n[${String(left)} bytes were left out here: more than the relay keeps]\n`));
    this.#write(last);
    this.#write(Buffer.from(`\n[${how}]\n\n`));
  }

  /** What is written so far; nothing where it cannot be read. */
  printed(): Promise<Buffer> {
    return this.#lane.run(() => readFile(this.#path).catch(() => Buffer.alloc(0)));
  }

  /** The whole output, in the vault, without the secrets in it; nothing where the disk took not all of it. */
  async keep(vault: Vault, redactor: Redactor): Promise<Stored | undefined> {
    await this.#close();
    const stored = this.#isWhole ? await this.#put(vault, redactor) : undefined;
    // Gone already where the vault took the file itself.
    await rm(this.#path, { force: true });
    return stored;
  }

  async #put(vault: Vault, redactor: Redactor): Promise<Stored | undefined> {
    if (!redactor.isIdle) {
      const bytes = await readFile(this.#path).catch(() => undefined);
      if (bytes === undefined) return undefined;
      const put = await vault.put(redactor.bytes(bytes));
      return put.ok ? put.value : undefined;
    }
    const put = await vault.putFile(this.#path);
    return put.ok ? put.value : undefined;
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
  }

  #close(): Promise<void> {
    return this.#lane.run(() => this.#file.close());
  }

  /** What comes while a write is under way is written together. */
  #write(bytes: Buffer): void {
    if (this.#pending.push(bytes) > 1) return;
    void this.#lane.run(async () => {
      const all = Buffer.concat(this.#pending);
      this.#pending = [];
      try {
        await this.#file.writeFile(all);
      } catch {
        // A full disk must not fail the gate: its verdict is there, and that its output is not is told.
        this.#isWhole = false;
      }
    });
  }
}
