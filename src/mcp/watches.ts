import { ArtifactName } from '../domain/artifact.ts';
import { isTerminalState } from '../domain/jobState.ts';
import type { RelayChange } from '../protocol/change.ts';
import { artifactUri, statusUri } from '../protocol/resourceUri.ts';

/** The URIs that one session may watch at once. */
export const MOST_WATCHES = 1000;

/**
 * What one session watches, and what it has yet to be told. While its stream is closed or its reader is behind, updates
 * wait here, one a URI: nothing is missed, and memory stays bounded by the watches.
 */
export class Watches {
  readonly #watched = new Set<string>();
  readonly #untold = new Set<string>();

  has(uri: string): boolean {
    return this.#watched.has(uri);
  }

  /** False when the session watches as many as it may. */
  add(uri: string): boolean {
    if (this.#watched.size >= MOST_WATCHES && !this.#watched.has(uri)) return false;
    this.#watched.add(uri);
    return true;
  }

  remove(uri: string): void {
    this.#watched.delete(uri);
    this.#untold.delete(uri);
  }

  /** Notes what the change is about, where it is watched. */
  note(change: RelayChange): void {
    for (const uri of urisOf(change)) if (this.#watched.has(uri)) this.#untold.add(uri);
  }

  /** A stream broke, and what was on its way may be lost: everything is to be told again. */
  noteAll(): void {
    for (const uri of this.#watched) this.#untold.add(uri);
  }

  /** The next URI to tell of; it counts as told. */
  take(): string | undefined {
    for (const uri of this.#untold) {
      this.#untold.delete(uri);
      return uri;
    }
    return undefined;
  }
}

function urisOf(change: RelayChange): readonly string[] {
  if (change.kind !== 'job') return [];
  const status = statusUri(change.jobId);
  if (!isTerminalState(change.state)) return [status];
  return [status, ...ArtifactName.options.map((name) => artifactUri(change.jobId, name))];
}
