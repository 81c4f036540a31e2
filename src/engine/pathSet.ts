import type { BytePath } from '../git/path.ts';

/** Paths, and every folder above them: a file and what is below a folder of its name are in each other's way. */
export class PathSet {
  readonly #paths: ReadonlySet<BytePath>;
  readonly #folders = new Set<BytePath>();

  constructor(paths: Iterable<BytePath>) {
    this.#paths = new Set(paths);
    for (const path of this.#paths) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        if (this.#folders.has(folder)) break;
        this.#folders.add(folder);
      }
    }
  }

  /** Whether the path is one of these, above one of them or below one. */
  meets(path: BytePath): boolean {
    return this.#folders.has(path) || this.covers(path);
  }

  /** Whether the path is one of these or below one. */
  covers(path: BytePath): boolean {
    if (this.#paths.has(path)) return true;
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      if (this.#paths.has(path.slice(0, end))) return true;
    return false;
  }
}
