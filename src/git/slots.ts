import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Mirror } from './mirror.ts';
import type { BytePath } from './path.ts';
import { Slot, type SlotError } from './slot.ts';

/** A slot in use. `release` resets it and gives it back; it is the last call on a claim. */
export interface Claim {
  readonly slot: Slot;
  release(unswept?: readonly BytePath[]): Promise<void>;
}

/**
 * The pool of one mirror's slots, as many as jobs run at once. They stay warm, because making and deleting thousands of
 * files is what costs: a slot is reset when it comes back, not when it is claimed.
 */
export class Slots {
  readonly #directory: string;
  readonly #mirror: Mirror;
  readonly #objectFormat: 'sha1' | 'sha256';
  readonly #most: number;
  readonly #free: Slot[] = [];
  readonly #waiting: ((slot: Slot) => void)[] = [];
  #made = 0;

  private constructor(directory: string, mirror: Mirror, objectFormat: 'sha1' | 'sha256', most: number) {
    this.#directory = directory;
    this.#mirror = mirror;
    this.#objectFormat = objectFormat;
    this.#most = most;
  }

  /** Takes over the slots of an earlier host: they are reset by their next claim. No more than `most` are made. */
  static async open(directory: string, mirror: Mirror, objectFormat: 'sha1' | 'sha256', most: number): Promise<Slots> {
    const slots = new Slots(directory, mirror, objectFormat, most);
    const left = await readdir(directory).catch(() => []);
    for (const name of left.filter((entry) => /^\d+$/.test(entry))) {
      const slot = slots.#slot(Number(name));
      await slot.adopt();
      slots.#free.push(slot);
      slots.#made = Math.max(slots.#made, Number(name) + 1);
    }
    return slots;
  }

  async claim(commit: ObjectId): Promise<Result<Claim, SlotError>> {
    const slot = await this.#next(commit);
    const ready = await slot.checkOut(commit);
    if (!ready.ok) {
      this.#give(slot);
      return err(ready.error);
    }
    return ok({
      slot,
      release: async (unswept) => {
        // A slot that could not be reset is started over by the next claim.
        await slot.reset(unswept);
        this.#give(slot);
      },
    });
  }

  /** A free slot, a new one while there are few, or the next that comes back: sooner ready than a new one would be. */
  #next(commit: ObjectId): Promise<Slot> {
    const free = this.#take(commit);
    if (free !== undefined) return Promise.resolve(free);
    if (this.#made < this.#most) return Promise.resolve(this.#slot(this.#made++));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(slot: Slot): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#free.push(slot);
    else waiting(slot);
  }

  #take(commit: ObjectId): Slot | undefined {
    const same = this.#free.findIndex((slot) => slot.isAt(commit));
    return this.#free.splice(same < 0 ? this.#free.length - 1 : same, 1)[0];
  }

  #slot(number: number): Slot {
    const directory = join(this.#directory, String(number));
    return new Slot(directory, this.#mirror.git, this.#mirror.directory, this.#objectFormat);
  }
}
