import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readInside } from '../../base/insideFile.ts';
import { codeOf, err, ok, type Result } from '../../base/result.ts';
import { slotPath } from './slotPath.ts';

/** A file of an agent's request, in bytes: what is longer goes through no model either. */
export const LONGEST_FILE = 8 * 1024 * 1024;

/** Why the agent does not get what it asked for, as a sentence for it. */
export interface Denied {
  readonly kind: 'missing' | 'denied';
  readonly message: string;
}

export interface Lines {
  /** The first line, counted from 1. */
  readonly line?: number | undefined;
  /** How many at most. */
  readonly limit?: number | undefined;
}

/** The text files of a slot, for an agent that reads and writes through its client. */
export class SlotFiles {
  readonly #slot: string;
  readonly #isReadOnly: boolean;

  constructor(slot: string, options: { readonly isReadOnly: boolean }) {
    this.#slot = slot;
    this.#isReadOnly = options.isReadOnly;
  }

  /** The text as it is, line ends and byte order mark too. */
  async read(named: string, lines: Lines): Promise<Result<string, Denied>> {
    const place = await slotPath(this.#slot, named);
    if (!place.ok) return denied(named, place.error.message);
    const read = await readInside(this.#slot, place.value.inside, LONGEST_FILE);
    if (!read.ok && read.error.kind === 'missing') return err({ kind: 'missing', message: `${named} is not there.` });
    if (!read.ok) return denied(named, read.error.message);
    const { bytes, isCut } = read.value;
    if (isCut) return denied(named, `is longer than ${String(LONGEST_FILE)} bytes`);
    const text = asText(bytes);
    // What could not be shown whole would come back broken.
    if (text === undefined) return denied(named, 'is no text in UTF-8');
    return ok(part(text, lines));
  }

  /** Makes the file and its folders, or writes the file anew; one that is there keeps its mode. */
  async write(named: string, content: string): Promise<Result<void, Denied>> {
    if (this.#isReadOnly)
      return denied(named, 'is not written: this task may only read, and is answered by a proposal');
    if (Buffer.byteLength(content) > LONGEST_FILE)
      return denied(named, `is not written: it would be longer than ${String(LONGEST_FILE)} bytes`);
    const place = await slotPath(this.#slot, named);
    if (!place.ok) return denied(named, place.error.message);
    try {
      await mkdir(dirname(place.value.path), { recursive: true });
      const handle = await open(place.value.path, NO_LINK);
      try {
        return await writeTo(handle, named, content);
      } finally {
        await handle.close();
      }
    } catch (thrown) {
      return denied(named, `could not be written (${codeOf(thrown) ?? 'unknown'})`);
    }
  }
}

/** What becomes a link in this moment is not followed, and a fifo is not waited for. */
const NO_LINK = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function writeTo(handle: FileHandle, named: string, content: string): Promise<Result<void, Denied>> {
  const stat = await handle.stat();
  if (!stat.isFile()) return denied(named, 'is no regular file');
  // Package managers link what they install to a store of the user's.
  if (stat.nlink > 1) return denied(named, 'has another name elsewhere (a hard link): what is there would change too');
  await handle.truncate(0);
  await handle.writeFile(content);
  return ok(undefined);
}

function denied(named: string, why: string): Result<never, Denied> {
  return err({ kind: 'denied', message: `${named} ${why}.` });
}

function asText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function part(text: string, { line = 1, limit }: Lines): string {
  if (line <= 1 && limit === undefined) return text;
  const from = Math.max(line, 1) - 1;
  return text
    .split(/(?<=\n)/)
    .slice(from, limit === undefined ? undefined : from + limit)
    .join('');
}
