import type { Clock } from '../base/clock.ts';
import type { LogEvent } from '../domain/executor.ts';
import { BoundedFile } from './boundedFile.ts';

/** The log of one attempt: a line an event with its time (ISO 8601, UTC) and stream. */
export class AttemptLog {
  readonly #file: BoundedFile;
  readonly #clock: Clock;

  private constructor(file: BoundedFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  static async create(path: string, clock: Clock, onGrown: (bytes: number) => void): Promise<AttemptLog> {
    const cut = (bytes: number): string =>
      `[${String(bytes)} bytes were left out here: the log is longer than the relay keeps]\n`;
    return new AttemptLog(await BoundedFile.create(path, { clock, onGrown, cut }), clock);
  }

  get path(): string {
    return this.#file.path;
  }

  write({ stream, text }: LogEvent): void {
    const at = new Date(this.#clock.now()).toISOString();
    for (const line of text.replace(/\n$/, '').split('\n')) this.#file.write(`${at} ${stream.padEnd(6)} | ${line}\n`);
  }

  /** The bytes that the log would have if it ended now. */
  soFar(): Promise<Buffer> {
    return this.#file.soFar();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
