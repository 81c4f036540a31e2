import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { ExecutorError } from '../../domain/executor.ts';
import { ask, type Answer, type Codex } from './ask.ts';
import { readConfig } from './home.ts';
import { short } from './itemLine.ts';
import { notStarted } from './notStarted.ts';

/** Codex starts no server of another name. */
const Name = z.string().regex(/^[\w-]+$/);
const Listed = z.array(z.object({ name: z.string(), enabled: z.boolean().default(true) }));

/**
 * The MCP servers that codex would start by the user's configuration. It is asked only where that speaks of any, since each
 * question takes some 60 ms. Where it does not answer, nobody knows what would run outside of the sandbox: that is an error.
 */
export async function userServers(codex: Codex, clock: Clock): Promise<Result<readonly string[], ExecutorError>> {
  if (!(await readConfig(codex.env)).includes('mcp_servers')) return ok([]);
  const said = await ask(codex, ['mcp', 'list', '--json'], clock);
  if (codex.signal.aborted) return err({ kind: 'aborted' });
  if (said.kind === 'absent') return err({ kind: 'unavailable', message: notStarted(said.message) });
  const listed = Listed.safeParse(said.kind === 'said' && said.exitCode === 0 ? parseJson(said.stdout) : undefined);
  if (!listed.success) return err({ kind: 'failed', message: unlisted(codex, said) });
  return ok(listed.data.filter(({ name, enabled }) => enabled && Name.safeParse(name).success).map(({ name }) => name));
}

function unlisted({ program }: Codex, answer: Exclude<Answer, { kind: 'absent' }>): string {
  const why = answer.kind === 'said' ? `it said: ${short(answer.text)}` : answer.message;
  return (
    `Codex does not tell which MCP servers your config.toml starts, and they would run outside of its sandbox, so the task ` +
    `was not begun. "${program} mcp list --json" has to list them (${why}). Try it by hand, and retry the job.`
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
