import { disposable, type Disposable } from '../base/disposable.ts';
import type { Executor } from '../domain/executor.ts';

/** Where executors are put: a host's registry. */
export interface Shelf {
  register(executor: Executor): Disposable;
}

/** Executors that others bring, for every host of this process: those that live, and those that are opened later. */
export class Plugins {
  readonly #brought = new Map<string, Executor>();
  readonly #shelves = new Map<Shelf, Map<string, Disposable>>();

  constructor(executors: Iterable<Executor> = []) {
    for (const executor of executors) this.bring(executor);
  }

  has(name: string): boolean {
    return this.#brought.has(name);
  }

  /** Its name must be free. Dispose to take it out of every host. */
  bring(executor: Executor): Disposable {
    const { name } = executor;
    this.#brought.set(name, executor);
    for (const [shelf, places] of this.#shelves) places.set(name, shelf.register(executor));
    return disposable(() => {
      this.#brought.delete(name);
      for (const places of this.#shelves.values()) {
        places.get(name)?.dispose();
        places.delete(name);
      }
    });
  }

  /** Until it is disposed, the shelf has all that is brought. */
  stock(shelf: Shelf): Disposable {
    const places = new Map<string, Disposable>();
    for (const [name, executor] of this.#brought) places.set(name, shelf.register(executor));
    this.#shelves.set(shelf, places);
    return disposable(() => this.#shelves.delete(shelf));
  }
}
