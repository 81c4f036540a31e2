/** The last so many entries that were set, for what a program may tell without end. */
export class Recent<V> {
  readonly #most: number;
  readonly #entries = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  values(): readonly V[] {
    return [...this.#entries.values()];
  }

  /** The value that had to go for this one, where one had to. */
  set(key: string, value: V): V | undefined {
    if (!this.#entries.has(key) && this.#entries.size >= this.#most) {
      const [oldest] = this.#entries;
      if (oldest !== undefined) this.#entries.delete(oldest[0]);
      this.#entries.set(key, value);
      return oldest?.[1];
    }
    this.#entries.set(key, value);
    return undefined;
  }
}
