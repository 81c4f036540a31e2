import { tmpdir } from 'node:os';
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Readiness } from '../../domain/executor.ts';
import type { SpawnError } from '../../process/launch.ts';
import { run, type Exit } from '../../process/spawn.ts';
import type { Result } from '../../base/result.ts';
import { neededOptions } from './arguments.ts';
import { SIGN_IN } from './refusal.ts';

export interface Probe {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const Status = z.object({ loggedIn: z.boolean() });

/**
 * Asks the program for its version, its options and whether somebody is signed in: without the network, under a second
 * (measured: 0.4 to 0.6 s). Options are looked for by their names, since no document says which version has which.
 */
export async function probeClaude(probe: Probe): Promise<Readiness> {
  const version = await ask(probe, ['--version']);
  if (!version.ok) return absent(probe.program, version.error);
  const told = /\d+\.\d+\.\d+/.exec(text(version.value))?.[0];
  if (told === undefined) {
    return { state: 'broken', message: `"${probe.program} --version" tells no version. Is it Claude Code?` };
  }
  const [help, status] = await Promise.all([ask(probe, ['--help']), ask(probe, ['auth', 'status', '--json'])]);
  const missing = help.ok ? neededOptions.filter((option) => !text(help.value).includes(option)) : [];
  if (missing.length > 0) {
    const message = `Claude Code ${told} has no ${missing.join(', ')}: update it by "claude update".`;
    return { state: 'tooOld', version: told, message };
  }
  const signedIn = status.ok ? loggedIn(text(status.value)) : undefined;
  if (signedIn === undefined) {
    const message = `"${probe.program} auth status" does not say whether somebody is signed in. Try it by hand.`;
    return { state: 'broken', version: told, message };
  }
  if (!signedIn) return { state: 'notSignedIn', version: told, message: `Claude Code is not signed in. ${SIGN_IN}` };
  return { state: 'ready', version: told };
}

/** In no folder of the user's, where settings of a project would count. */
function ask({ program, env, clock, signal }: Probe, args: readonly string[]): Promise<Result<Exit, SpawnError>> {
  return run({ file: program, args, cwd: tmpdir(), env, signal, maxOutput: 1024 * 1024 }, clock);
}

function absent(program: string, error: SpawnError): Readiness {
  if (error.kind !== 'notFound') return { state: 'broken', message: error.message };
  const remedy =
    'Install it from npm as @anthropic-ai/claude-code, or name its path in claude.program of relay.executors.';
  return { state: 'notInstalled', message: `Claude Code ("${program}") was not found. ${remedy}` };
}

function text({ stdout }: Exit): string {
  return stdout.toString('utf8');
}

function loggedIn(json: string): boolean | undefined {
  try {
    return Status.safeParse(JSON.parse(json)).data?.loggedIn;
  } catch {
    return undefined;
  }
}
