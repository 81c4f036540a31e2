import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { acpAgents } from './acp.ts';
import { layGround, type Ground } from './ground.ts';
import { call, say } from './model/script.ts';
import { startModel, type ScriptedModel } from './model/server.ts';
import { programs } from './programs.ts';

/** The executables of agents' programs that take part. */
export interface Executables {
  readonly codex: string;
  readonly claude: string;
  readonly qwen?: string;
}

/** A user who has these programs, each signed in to a model on this machine that always proposes the same change. */
export interface AgentsBed {
  readonly ground: Ground;
  /** What a host of theirs is given. */
  readonly environment: Readonly<Record<string, string>>;
  readonly executorSettings: () => unknown;
  close(): Promise<void>;
}

const proposal = {
  summary: 'It says hi.',
  edits: [{ path: 'greet.js', oldText: 'Hello', newText: 'Hi' }],
  files: [],
  deletions: [],
  testPlan: 'Call greet.',
  notes: '',
};

/** `wrapped` makes of an executable the program that is started instead. */
export async function layAgents(
  { codex, claude, qwen }: Executables,
  wrapped: (ground: Ground, name: string, executable: string) => string = (_ground, _name, executable) => executable,
): Promise<AgentsBed> {
  const ground = layGround();
  const models: ScriptedModel[] = [];
  const model = async (turn: ReturnType<typeof say>): Promise<string> => {
    const started = await startModel([turn]);
    models.push(started);
    return started.url;
  };
  ground.place('config/config.toml', codexConfiguration(await model(say(JSON.stringify(proposal)))));
  const env = { PATH: process.env['PATH'], HOME: ground.home, CODEX_HOME: ground.config };
  execFileSync(codex, ['login', '--with-api-key'], { env, input: 'nobodys-key-of-some-length\n', stdio: 'pipe' });
  const forClaude = {
    ANTHROPIC_BASE_URL: await model(call('StructuredOutput', proposal)),
    ANTHROPIC_API_KEY: 'nobodys-key',
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
  ground.place('home/.claude/settings.json', JSON.stringify({ env: forClaude }));
  if (qwen !== undefined) placeQwen(ground, qwen, await model(say(JSON.stringify(proposal))));
  const settings = {
    codex: { program: wrapped(ground, 'codex', codex), sandbox: 'read-only' },
    claude: { program: wrapped(ground, 'claude', claude), sandbox: 'read-only', model: 'claude-sonnet-4-5' },
  };
  return {
    ground,
    environment: {
      PATH: `${join(ground.root, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: ground.home,
      CODEX_HOME: ground.config,
    },
    executorSettings: () => settings,
    close: async () => {
      await Promise.all(models.map((one) => one.close()));
      ground.remove();
    },
  };
}

/** In PATH, by its name, as a user has it. */
function placeQwen(ground: Ground, executable: string, url: string): void {
  const variables = Object.entries(acpAgents.qwen.environment(url));
  const exports = variables.map(([key, value]) => `export ${key}='${value}'\n`).join('');
  const run = `#!/bin/sh\n${exports}exec '${executable}' "$@" --auth-type openai\n`;
  chmodSync(ground.place(`bin/${programs.qwen.bin}`, run), 0o755);
}

/** The user's config.toml of Codex, with a model at this address. */
export function codexConfiguration(url: string): string {
  return `model = "scripted"
model_provider = "scripted"

[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
requires_openai_auth = true
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false

[analytics]
enabled = false
`;
}
