import type { Result } from '../base/result.ts';
import type { IoError } from './ioError.ts';
import type { JournalFile } from './journalFile.ts';

/** Told once, in the order of the appends, when a line is down or is known not to be. */
export type Settle = (outcome: Result<void, IoError>) => void;

/** Bytes: a wave is seldom longer. */
const SCRATCH = 256 * 1024;
const NOTHING = Buffer.alloc(0);

interface Waiting {
  readonly line: Buffer;
  readonly settle: Settle;
}

export interface JournalHooks {
  /** A wave is on its way to the disk: work that is done now costs nobody time. */
  onWriting(): void;
  /** A wave is down, and its callers were told. */
  onDown(): void;
}

/**
 * Group commit: lines that arrive while a write is under way share the next write and one fdatasync. When a wave fails,
 * the file is cut back to what was durable, and the wave and everybody behind it are told: their lines were made from
 * a state that does not come about.
 */
export class Journal {
  #file: JournalFile;
  #waiting: Waiting[] = [];
  /** The wave that is being written. */
  #wave: Waiting[] = [];
  #turns: (() => Promise<void>)[] = [];
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH);
  #isBusy = false;
  readonly #hooks: JournalHooks;

  constructor(file: JournalFile, hooks: JournalHooks) {
    this.#file = file;
    this.#hooks = hooks;
  }

  get file(): JournalFile {
    return this.#file;
  }

  append(line: Buffer, settle: Settle): void {
    this.#waiting.push({ line, settle });
    this.#wake();
  }

  /** Settles with the last line that was appended before; at once where all are down. */
  flushed(settle: Settle): void {
    const last = this.#waiting.length > 0 ? this.#waiting : this.#wave;
    if (last.length > 0) last.push({ line: NOTHING, settle });
    else settle({ ok: true, value: undefined });
  }

  /** Runs `task` between two waves; lines that come meanwhile wait, and go to the file that it gives. */
  turn<E>(task: (file: JournalFile) => Promise<Result<JournalFile, E>>): Promise<Result<void, E>> {
    return new Promise((resolve, reject) => {
      this.#turns.push(async () => {
        try {
          const next = await task(this.#file);
          if (next.ok) this.#file = next.value;
          resolve(next.ok ? { ok: true, value: undefined } : next);
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      });
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      await endOfTurn();
      const turn = this.#turns.shift();
      if (turn !== undefined) await turn();
      else if (this.#waiting.length > 0) await this.#write();
      else break;
    }
    this.#isBusy = false;
  }

  async #write(): Promise<void> {
    const wave = this.#waiting;
    this.#wave = wave;
    this.#waiting = [];
    const written = this.#file.append(this.#joined(wave));
    this.#hooks.onWriting();
    const outcome = await written;
    this.#wave = [];
    const behind = outcome.ok ? [] : this.#waiting;
    if (!outcome.ok) this.#waiting = [];
    for (const one of wave) one.settle(outcome);
    for (const one of behind) one.settle(outcome);
    if (outcome.ok) this.#hooks.onDown();
  }

  /** The lines as they are written, in a buffer that the next wave uses again: a new one each time is much to collect. */
  #joined(wave: readonly Waiting[]): Uint8Array {
    const bytes = wave.reduce((sum, { line }) => sum + line.length, 0);
    const target = bytes <= this.#scratch.length ? this.#scratch : Buffer.allocUnsafeSlow(bytes);
    let end = 0;
    for (const { line } of wave) end += line.copy(target, end);
    return target.subarray(0, end);
  }
}

/** After the microtasks of this turn, so that callers who are answered together write together. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
