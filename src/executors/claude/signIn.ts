import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { claudeHome } from './home.ts';

/**
 * What of the user's settings a run takes: how they sign in (a helper, a gateway or cloud by variables), their model, and
 * what they forbid. Nothing that runs code besides, and nothing that allows. Keys: Claude Code's documentation of settings.
 */
const Taken = z.object({
  apiKeyHelper: z.string().optional(),
  awsAuthRefresh: z.string().optional(),
  awsCredentialExport: z.string().optional(),
  gcpAuthRefresh: z.string().optional(),
  forceLoginMethod: z.string().optional(),
  forceLoginOrgUUID: z.unknown().optional(),
  env: z.record(z.string(), z.string()).optional().catch(undefined),
  model: z.string().optional(),
  permissions: z
    .object({ deny: z.array(z.string()) })
    .optional()
    .catch(undefined),
});

/**
 * Writes what a run takes of the user's settings into `own`, for `--settings`, readable by the user alone since it may hold
 * tokens; its path. Settings that are missing or cannot be read are as none.
 */
export async function keepSignIn(env: Readonly<Record<string, string>>, own: string): Promise<string> {
  const path = join(own, 'claude.settings.json');
  await writeFile(path, JSON.stringify(taken(await userSettings(env))), { mode: 0o600 });
  return path;
}

async function userSettings(env: Readonly<Record<string, string>>): Promise<string> {
  const folder = claudeHome(env);
  if (folder === undefined) return '{}';
  return readFile(join(folder, 'settings.json'), 'utf8').catch(() => '{}');
}

function taken(text: string): z.infer<typeof Taken> {
  try {
    return Taken.catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
