import type { RecordedRun } from '../domain/cassette.ts';
import type { Playback as Port } from '../domain/executor.ts';

/** The runs of a cassette, each taken once. */
export class Playback implements Port {
  readonly #runs: RecordedRun[];

  constructor(runs: readonly RecordedRun[]) {
    this.#runs = [...runs];
  }

  next(): RecordedRun | undefined {
    return this.#runs.shift();
  }
}
