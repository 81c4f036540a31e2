/** A program from npm that tests run as it is. */
export interface Program {
  readonly package: string;
  readonly version: string;
  /** Its name in `node_modules/.bin`. */
  readonly bin: string;
  /** Whether it cannot be used without its install script. */
  readonly scripts?: boolean;
}

/** All of them in the versions that the recordings in test/executors/cassettes were made with. */
export const programs = {
  codex: { package: '@openai/codex', version: '0.169.0', bin: 'codex' },
  claude: { package: '@anthropic-ai/claude-code', version: '2.1.330', bin: 'claude', scripts: true },
  opencode: { package: 'opencode-ai', version: '1.18.33', bin: 'opencode', scripts: true },
  gemini: { package: '@google/gemini-cli', version: '0.61.0', bin: 'gemini' },
  qwen: { package: '@qwen-code/qwen-code', version: '0.24.4', bin: 'qwen' },
  'claude-acp': { package: '@agentclientprotocol/claude-agent-acp', version: '0.101.0', bin: 'claude-agent-acp' },
  'codex-acp': { package: '@agentclientprotocol/codex-acp', version: '2.6.0', bin: 'codex-acp' },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof programs;
