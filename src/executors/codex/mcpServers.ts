import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import { ask, type Codex } from './ask.ts';
import { readConfig } from './home.ts';

/** Codex starts no server of another name. */
const Name = z.string().regex(/^[\w-]+$/);
const Listed = z.array(z.object({ name: z.string(), enabled: z.boolean().default(true) }));

/**
 * The MCP servers that codex would start by the user's configuration. It is asked only where that speaks of any, since each
 * question takes some 60 ms.
 */
export async function userServers(codex: Codex, clock: Clock): Promise<readonly string[]> {
  if (!(await readConfig(codex.env)).includes('mcp_servers')) return [];
  const said = await ask(codex, ['mcp', 'list', '--json'], clock);
  // What cannot be listed, codex itself cannot read: its run says so.
  const listed = Listed.safeParse(said.kind === 'said' ? parseJson(said.stdout) : undefined).data ?? [];
  return listed.filter(({ name, enabled }) => enabled && Name.safeParse(name).success).map(({ name }) => name);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
