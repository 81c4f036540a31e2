import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { syncDirectory } from './durableFile.ts';
import { attemptIo, type IoError } from './ioError.ts';
import { parseJournal, type JournalText } from './journalText.ts';

/** The record cannot be opened. `damaged`: what is broken was set aside under another name; nothing was deleted. */
export type OpenError = IoError | { readonly kind: 'damaged' | 'newer'; readonly message: string };

/** One generation as it was found. */
export interface FoundJournal {
  readonly path: string;
  readonly generation: number;
  readonly text: JournalText;
}

export function journalPath(directory: string, generation: number): string {
  return join(directory, `journal-${generation}`);
}

/** Reads all generations there are, oldest first. There is one, or two where a snapshot was cut short. */
export async function readJournals(directory: string): Promise<Result<readonly FoundJournal[], OpenError>> {
  const names = await attemptIo(`read the directory ${directory}`, () => readdir(directory));
  if (!names.ok) return names;
  const generations = names.value
    .map((name) => Number(/^journal-([1-9]\d*)$/.exec(name)?.[1] ?? 0))
    .filter((generation) => generation > 0)
    .sort((a, b) => a - b);
  const found: FoundJournal[] = [];
  for (const generation of generations) {
    const path = journalPath(directory, generation);
    const bytes = await attemptIo(`read the journal ${path}`, () => readFile(path));
    if (!bytes.ok) return bytes;
    const parsed = parseJournal(bytes.value);
    if (!parsed.ok) {
      return parsed.error.kind === 'newer' ? newer(path) : setAside(path, `is broken at byte ${parsed.error.at}`);
    }
    if ((parsed.value.generation ?? generation) !== generation) return setAside(path, 'has the name of another');
    found.push({ path, generation, text: parsed.value });
  }
  return ok(found);
}

/** Removes the journals that a snapshot has made superfluous. What cannot be removed does no harm. */
export async function removeJournals(directory: string, before: number): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names) {
    const generation = Number(/^journal-([1-9]\d*)$/.exec(name)?.[1] ?? before);
    if (generation < before) await rm(join(directory, name), { force: true }).catch(() => undefined);
  }
}

export function newer(path: string): Result<never, OpenError> {
  const message = `${path} was written by a newer version of Task Relay and was left as it is. Update this one.`;
  return err({ kind: 'newer', message });
}

/** Renames a damaged file to the first free `….damaged-<n>` and says so. */
export async function setAside(path: string, what: string): Promise<Result<never, OpenError>> {
  const moved = await attemptIo(`set the damaged ${path} aside`, async () => {
    const directory = join(path, '..');
    const taken = new Set(await readdir(directory));
    let n = 1;
    while (taken.has(join(`${path}.damaged-${n}`).slice(directory.length + 1))) n += 1;
    await rename(path, `${path}.damaged-${n}`);
    await syncDirectory(directory);
    return `${path}.damaged-${n}`;
  });
  if (!moved.ok) return moved;
  const message =
    `${path} ${what}. It is kept as ${moved.value}: put a good copy in its place, or start again to go on ` +
    `with what the last snapshot has.`;
  return err({ kind: 'damaged', message });
}
