import { Lines } from '../process/lines.ts';
import type { Flow } from '../process/runTree.ts';

/** A line of JSON can hold a whole file; what is no JSON is for people. */
const LONGEST_JSON = 16 * 1024 * 1024;
const LONGEST_PLAIN = 1024 * 1024;
/** Bytes of lines that are no JSON, with something for each line: what comes after them is counted and dropped. */
const MOST_PLAIN = 4 * 1024 * 1024;
const LINE_COST = 32;
/** Lines between two pauses, or as many half kilobytes: a decoder takes 25 µs for a short one. */
const TURN = 200;
const UNIT = 512;

const NEWLINE = 0x0a;
const BRACE = 0x7b;
const NEXT_JSON = '\n{';

export interface IntakeOptions {
  readonly stream: 'stdout' | 'stderr';
  /** Whether lines of JSON are let through, however many others there are. */
  readonly hasJson: boolean;
  readonly onLine: (text: string) => void;
  /** Hears once that something is left out. */
  readonly say: (text: string) => void;
}

/** One stream of a program, line by line, with pauses for all else: a flood holds up its own program and nobody besides. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #json: Lines;
  readonly #plain: Lines;
  readonly #waiting: Buffer[] = [];
  #working: Promise<void> | undefined;
  #room = MOST_PLAIN;
  #left = 0;
  /** What was taken since the last pause: one turn of the event loop may bring many chunks. */
  #taken = 0;
  #isAtStart = true;
  #isJson = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#json = new Lines(options.onLine, LONGEST_JSON);
    this.#plain = new Lines(options.onLine, LONGEST_PLAIN);
  }

  take(chunk: Buffer, flow: Flow): void {
    this.#waiting.push(chunk);
    if (this.#working === undefined && this.#turn()) return;
    flow.pause();
    this.#working ??= this.#rest(flow);
  }

  /** Without a pause: of what is in memory anyway. */
  takeAll(chunk: Buffer): void {
    this.#waiting.push(chunk);
    while (!this.#turn()) this.#taken = 0;
  }

  /** Resolves when all of it was told. */
  async end(): Promise<void> {
    await this.#working;
    this.#json.end();
    this.#plain.end();
    if (this.#left > 0) this.#options.onLine(`… (${String(this.#left)} more bytes were left out)`);
  }

  async #rest(flow: Flow): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      this.#taken = 0;
    } while (!this.#turn());
    this.#working = undefined;
    flow.resume();
  }

  /** Whether nothing waits any more, and there may be more before a pause. */
  #turn(): boolean {
    for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
      for (let at = 0; at < chunk.length;) {
        if (this.#taken > TURN) {
          this.#waiting.unshift(chunk.subarray(at));
          return false;
        }
        const to = this.#step(chunk, at);
        this.#taken += 1 + (to - at) / UNIT;
        at = to;
      }
    }
    return this.#taken <= TURN;
  }

  /** Up to the end of one line, or over all that is to be left out; returns where that is. */
  #step(chunk: Buffer, at: number): number {
    if (this.#isAtStart) this.#isJson = this.#options.hasJson && chunk[at] === BRACE;
    if (!this.#isJson && this.#room <= 0) return this.#skip(chunk, at);
    const end = chunk.indexOf(NEWLINE, at);
    const to = end < 0 ? chunk.length : end + 1;
    this.#isAtStart = end >= 0;
    (this.#isJson ? this.#json : this.#plain).take(chunk.subarray(at, to));
    if (!this.#isJson) this.#spend(to - at + LINE_COST);
    return to;
  }

  #spend(bytes: number): void {
    this.#room -= bytes;
    if (this.#room > 0) return;
    this.#plain.end();
    const { stream, hasJson, say } = this.#options;
    say(`${stream} has too much${hasJson ? ' that is no JSON' : ''}; the rest of it is left out`);
  }

  #skip(chunk: Buffer, at: number): number {
    const found = this.#options.hasJson ? chunk.indexOf(NEXT_JSON, at) : -1;
    const to = found < 0 ? chunk.length : found + 1;
    this.#left += to - at;
    this.#isAtStart = chunk[to - 1] === NEWLINE;
    return to;
  }
}
