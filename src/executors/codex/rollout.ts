import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Thread } from '../../domain/executor.ts';
import { takeThread } from '../threadFile.ts';
import { codexHome } from './home.ts';

type Environment = Readonly<Record<string, string>>;

const Id = z.uuid();
/** The newest folders of days in which a thread that was just written is looked for: codex names them by its own time zone. */
const DAYS = 3;
/** The lines by which codex goes on counting what a thread has used; without them, it tells of each job what that used. */
const COUNTS = /"type":"token_(?:count|usage_record)"/;

/**
 * Puts the thread of an earlier job among codex's own, under a name that no other thread has: several jobs may go on from
 * one. Codex finds it by its name alone, from any folder (0.169.0). Undefined where it cannot be read.
 */
export async function placeRollout(
  env: Environment,
  { sessionId, file }: Thread,
  now: number,
): Promise<string | undefined> {
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || !Id.safeParse(sessionId).success || !text.includes(sessionId)) return undefined;
  const fresh = randomUUID();
  const [day = '', time = ''] = new Date(now).toISOString().split('T');
  const folder = join(codexHome(env), 'sessions', ...day.split('-'));
  await mkdir(folder, { recursive: true });
  const name = `rollout-${day}T${time.slice(0, 8).replaceAll(':', '-')}-${fresh}.jsonl`;
  const lines = text.split('\n').filter((line) => !COUNTS.test(line));
  await writeFile(join(folder, name), lines.join('\n').replaceAll(sessionId, fresh), { mode: 0o600 });
  return fresh;
}

/** Takes a thread away from codex's own, to `target`. `lost`: it is gone from there, and cannot be kept. */
export async function takeRollout(
  env: Environment,
  sessionId: string,
  target: string,
): Promise<'taken' | 'lost' | 'absent'> {
  const path = await rolloutOf(env, sessionId);
  if (path === undefined) return 'absent';
  const taken = await takeThread(path, target).catch(() => false);
  await rm(path, { force: true }).catch(() => undefined);
  return taken ? 'taken' : 'lost';
}

async function rolloutOf(env: Environment, sessionId: string): Promise<string | undefined> {
  if (!Id.safeParse(sessionId).success) return undefined;
  const sessions = join(codexHome(env), 'sessions');
  let left = DAYS;
  for (const year of await newest(sessions)) {
    for (const month of await newest(join(sessions, year))) {
      for (const day of await newest(join(sessions, year, month))) {
        const folder = join(sessions, year, month, day);
        const name = (await newest(folder)).find((one) => one.endsWith(`-${sessionId}.jsonl`));
        if (name !== undefined) return join(folder, name);
        left -= 1;
        if (left === 0) return undefined;
      }
    }
  }
  return undefined;
}

async function newest(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort().reverse();
}
