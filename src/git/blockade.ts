import { systemClock } from '../base/clock.ts';
import type { BytePath } from './path.ts';
import { walk } from './walk.ts';

/** How long git may take before somebody looks whether it is stuck. */
const PATIENCE_MS = 1000;

/**
 * Git opens what is named like a file with rules, and at a fifo it waits there for ever. Most runs end long before anybody
 * needs to look for one.
 */
export class Blockade {
  readonly #stop = new AbortController();
  readonly #looking: { dispose(): void };
  #found: readonly BytePath[] = [];

  constructor(root: string) {
    this.#looking = systemClock.after(PATIENCE_MS, () => void this.#look(root));
  }

  /** For the git that runs meanwhile: raised where it would never end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Call when git has ended: the paths that it was stuck at, none where it came to its own end. */
  end(): readonly BytePath[] {
    this.#looking.dispose();
    return this.#found;
  }

  async #look(root: string): Promise<void> {
    const { special } = await walk(root, new Set());
    this.#found = special.filter((path) => /(?:^|\/)\.git(?:ignore|attributes)$/.test(path));
    if (this.#found.length > 0) this.#stop.abort();
  }
}
