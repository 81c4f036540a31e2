import type { Clock } from '../../base/clock.ts';
import { run } from '../../process/spawn.ts';

/** The program, and what it is asked with. */
export interface Codex {
  readonly program: string;
  /** Where it is started: it looks for a project's configuration there. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Said {
  readonly kind: 'said';
  readonly exitCode: number;
  readonly stdout: string;
  /** Both streams: of its subcommands, some answer on either. */
  readonly text: string;
}

/** `absent`: it could not be started. */
export type Answer = Said | { readonly kind: 'absent' | 'silent'; readonly message: string };

const LONGEST_MS = 3000;

/** Asks codex something of itself that needs no model. */
export async function ask(
  { program, cwd, env, signal }: Codex,
  args: readonly string[],
  clock: Clock,
): Promise<Answer> {
  const done = await run({ file: program, args, cwd, env, signal, timeoutMs: LONGEST_MS }, clock);
  if (!done.ok) return { kind: 'absent', message: done.error.message };
  const { ending } = done.value;
  const stdout = done.value.stdout.toString('utf8');
  const text = `${stdout}\n${done.value.stderr.toString('utf8')}`;
  if (ending.kind === 'exited') return { kind: 'said', exitCode: ending.exitCode, stdout, text };
  return { kind: 'silent', message: `it did not answer within ${String(LONGEST_MS / 1000)} s` };
}

/** The version that codex tells of itself; undefined where it does not. */
export async function versionOf(codex: Codex, clock: Clock): Promise<string | undefined> {
  return versionIn(await ask(codex, ['--version'], clock));
}

export function versionIn(answer: Answer): string | undefined {
  return answer.kind === 'said' ? /\bcodex\S* v?(\d+\.\d+\.\d+\S*)/.exec(answer.text)?.[1] : undefined;
}
