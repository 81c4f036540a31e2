import type { Sandbox } from '../../domain/jobSpec.ts';

export interface Run {
  readonly sandbox: Sandbox;
  readonly model?: string | undefined;
  /** The file with the schema that its answer is held to. */
  readonly schema?: string | undefined;
  /** Its thread is written down: it is new, or goes on from the one that has this id. */
  readonly thread?: 'new' | { readonly id: string } | undefined;
  /** The user's MCP servers. They run outside of the sandbox, and one of them may be this relay: they are off. */
  readonly servers?: readonly string[];
}

/** What a version must have, as `codex exec --help` tells: no version that lacks one of them can be used. */
export const neededFlags = [
  '--json',
  '--sandbox',
  '--ephemeral',
  '--ignore-rules',
  '--output-schema',
  '--config',
  '--model',
];

/**
 * Over the user's own configuration, which is loaded because it names the model, its provider and the way there. Apps and
 * plugins act outside of the slot, and a provider out of reach is an error that a person should hear of. What the repository
 * says to agents is in the prompt.
 */
const OVERRIDES = [
  'features.apps=false',
  'features.plugins=false',
  'features.unbounded_connection_retries=false',
  'project_doc_max_bytes=0',
];

/**
 * `codex exec` with its prompt on stdin (0.169.0). The user's rules are left out, because one that allows a command runs it
 * outside of the sandbox; threads of jobs are not kept among the user's own (see rollout.ts).
 */
export function execArguments({ sandbox, model, schema, thread, servers = [] }: Run): readonly string[] {
  const off = servers.map((name) => `mcp_servers.${name}.enabled=false`);
  const goesOn = typeof thread === 'object';
  return [
    'exec',
    // A subcommand of exec takes no sandbox; it heeds that of exec.
    '--sandbox',
    sandbox,
    ...(goesOn ? ['resume'] : []),
    '--json',
    ...(thread === undefined ? ['--ephemeral'] : []),
    '--ignore-rules',
    ...[...OVERRIDES, ...off].flatMap((value) => ['--config', value]),
    ...(model === undefined ? [] : ['--model', model]),
    ...(schema === undefined ? [] : ['--output-schema', schema]),
    ...(goesOn ? [thread.id] : []),
    '-',
  ];
}
