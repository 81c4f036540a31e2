import type { Sandbox } from '../../domain/jobSpec.ts';

export interface ClaudeArguments {
  readonly sandbox: Sandbox;
  /** JSON Schema of the answer; its `$schema` is left out, as the program knows no draft by its name and refuses it. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The file with what the user signs in by. */
  readonly settingsFile: string;
  /** What the session is named by, where it is to be written down; and the file of the one that it goes on from. */
  readonly session: { readonly id: string | undefined; readonly from: string | undefined };
  readonly maxTurns: number;
  readonly model?: string | undefined;
  readonly maxUsd?: number | undefined;
  /** Whether it may run commands: nothing confines them, so they reach whatever the user does. */
  readonly mayRunCommands: boolean;
}

/**
 * `--restricted` takes neither the user's settings nor the repository's, so that no hook and no permission of theirs counts,
 * and keeps the file tools in the working directory, through links too. `--safe-mode` leaves out plug-ins, skills, agents
 * and CLAUDE.md, all of which would make a result depend on whose machine it is; the prompt has the repository's
 * conventions. Not `--bare`: with it, nobody's sign-in counts but a key in the environment.
 */
const ALONE = ['--restricted', '--safe-mode', '--strict-mcp-config'];

/** The options that a version must know; the probe looks for them. `--max-turns` is in no help, and is taken. */
export const neededOptions: readonly string[] = [
  ...ALONE,
  '--no-session-persistence',
  '--session-id',
  '--resume',
  '--fork-session',
  '--json-schema',
  '--max-budget-usd',
  '--permission-mode',
  '--settings',
  '--tools',
];

const READ = ['Read', 'Grep', 'Glob'];
const WRITE = [...READ, 'Edit', 'Write'];

/** The smallest that is given: 0 is refused. */
const LEAST_USD = 0.0001;

/** What `claude` is started with; its prompt comes by stdin. Pure. */
export function argumentsFor(wanted: ClaudeArguments): readonly string[] {
  const { sandbox, schema, settingsFile, session, maxTurns, model, maxUsd, mayRunCommands } = wanted;
  const isWriting = sandbox === 'workspace-write';
  const hasCommands = isWriting && mayRunCommands;
  const tools = isWriting ? [...WRITE, ...(hasCommands ? ['Bash'] : [])] : READ;
  return [
    '-p',
    '--output-format=stream-json',
    '--verbose',
    ...ALONE,
    ...sessionArguments(session),
    `--settings=${settingsFile}`,
    `--permission-mode=${isWriting ? 'acceptEdits' : 'plan'}`,
    `--tools=${tools.join(',')}`,
    ...(hasCommands ? ['--allowedTools=Bash'] : []),
    `--json-schema=${JSON.stringify({ ...schema, $schema: undefined })}`,
    `--max-turns=${String(maxTurns)}`,
    ...(maxUsd === undefined ? [] : [`--max-budget-usd=${String(Math.max(maxUsd, LEAST_USD))}`]),
    ...(model === undefined ? [] : [`--model=${model}`]),
  ];
}

/** A session goes on under a name of its own, so that several can go on from one. */
function sessionArguments({ id, from }: ClaudeArguments['session']): readonly string[] {
  return [
    ...(from === undefined ? [] : [`--resume=${from}`, '--fork-session']),
    ...(id === undefined ? ['--no-session-persistence'] : [`--session-id=${id}`]),
  ];
}
