import { constants } from 'node:fs';
import { access, mkdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../base/canonical.ts';
import type { Result } from '../base/result.ts';
import { attemptIo, type IoError } from '../store/ioError.ts';

/** Where one relay lives. */
export interface Places {
  /** The record: journal, snapshot, vault, lock, host.json. */
  readonly record: string;
  /** Mirror and slots: nothing that cannot be made again. Short, and never below the repository. */
  readonly work: string;
  /** Names the record in the marks of its processes. */
  readonly recordId: string;
  /** Said where the record is not beside the repository's objects. */
  readonly note?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** One relay a repository: every window, linked worktree and command line comes to the same places. */
export async function placesOf(
  commonDir: string,
  data: string | undefined,
  environment: Variables,
): Promise<Result<Places, IoError>> {
  const cache = cacheDirectory(process.platform, environment);
  const own = join(commonDir, 'task-relay');
  if (data !== undefined) return at(data, cache, {});
  if (await isWritable(commonDir, own)) return at(own, cache, {});
  const record = join(cache, `record-${sha256(commonDir).slice(0, 10)}`);
  return at(record, cache, { note: `"${commonDir}" cannot be written, so the record is in "${record}"` });
}

function at(path: string, cache: string, note: Pick<Places, 'note'>): Promise<Result<Places, IoError>> {
  return attemptIo(`make the record's folder "${path}"`, async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const record = await realpath(path);
    const recordId = sha256(record).slice(0, 10);
    return { record, recordId, work: join(cache, recordId), ...note };
  });
}

/** The platform's folder for caches, and in it the relay's. */
function cacheDirectory(platform: NodeJS.Platform, environment: Variables): string {
  const home = environment['HOME'] ?? homedir();
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'task-relay');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'task-relay');
  const xdg = environment['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(home, '.cache') : xdg, 'task-relay');
}

async function isWritable(commonDir: string, own: string): Promise<boolean> {
  for (const path of [own, commonDir]) {
    try {
      await access(path, constants.W_OK);
      return true;
    } catch {
      // Not there, or not ours: the next one decides.
    }
  }
  return false;
}
