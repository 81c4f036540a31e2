import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { readInside } from '../base/insideFile.ts';
import { messageOf } from '../base/result.ts';
import { LONGEST_REPORT, readReports, type TestReport } from './testReport.ts';

/** Entries of folders that a glob looks at. */
const MOST_ENTRIES = 50_000;

const TOO_LONG = `is longer than the ${String(LONGEST_REPORT / 1024 / 1024)} MiB that are read`;

/** What a report was before the gate ran, by path: one that was there is not one that the gate wrote. */
type Stamps = ReadonlyMap<string, string>;

/** Looks where a gate's reports will be, before it runs. */
export async function reportsBefore(root: string, pattern: string, mostEntries = MOST_ENTRIES): Promise<Stamps> {
  const stamps = new Map<string, string>();
  for (const path of await matching(root, pattern, mostEntries).catch(() => [])) {
    const stamp = await stampOf(join(root, path));
    if (stamp !== undefined) stamps.set(path, stamp);
  }
  return stamps;
}

/**
 * Reads what a gate wrote, once nothing of it runs any more. Everything there is the gate's: a link that leads out of the
 * checkout, a fifo, or more than the limits is no report, and told as such.
 */
export async function reportsAfter(
  root: string,
  pattern: string,
  before: Stamps,
  mostEntries = MOST_ENTRIES,
): Promise<TestReport> {
  const files: { name: string; bytes: Buffer }[] = [];
  let left = LONGEST_REPORT;
  try {
    for (const path of await matching(root, pattern, mostEntries)) {
      if ((await stampOf(join(root, path))) === before.get(path)) continue;
      const read = await readInside(root, path, left);
      if (!read.ok) return { kind: 'unreadable', why: `${path} ${read.error.message}` };
      const { bytes, isCut } = read.value;
      if (isCut) return { kind: 'unreadable', why: `${path} ${TOO_LONG}` };
      left -= bytes.length;
      files.push({ name: path, bytes });
    }
  } catch (thrown) {
    return { kind: 'unreadable', why: messageOf(thrown) };
  }
  return files.length === 0 ? { kind: 'unreadable', why: `nothing was written to "${pattern}"` } : readReports(files);
}

/**
 * Paths below the root, sorted; for a glob, those that a walk without links finds, which leaves out `.git` and, where it
 * is not named, `node_modules`. Throws where there is too much to look through.
 */
async function matching(root: string, pattern: string, mostEntries: number): Promise<readonly string[]> {
  const { base, isGlob } = picomatch.scan(pattern);
  if (!isGlob) return [pattern];
  const isMatch = picomatch(pattern, { dot: true });
  const passedOver = new Set(pattern.includes('node_modules') ? ['.git'] : ['.git', 'node_modules']);
  const found: string[] = [];
  const folders = [base === '' ? '.' : base];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])) {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
      if (++seen > mostEntries) throw new Error(`there are more than ${String(mostEntries)} files below "${base}"`);
      if (entry.isDirectory()) {
        if (!passedOver.has(entry.name)) folders.push(path);
      } else if (isMatch(path)) found.push(path);
    }
  }
  return found.sort();
}

async function stampOf(path: string): Promise<string | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  return [found.ino, found.size, found.mtimeNs, found.ctimeNs].map(String).join(' ');
}
