/** An agent that speaks the Agent Client Protocol: how it is started, and what its sessions are set to. */
export interface AcpAgent {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The method to sign in by, where the agent asks for one. */
  readonly auth?: string | undefined;
  /** The mode of its sessions. */
  readonly mode?: string | undefined;
  readonly model?: string | undefined;
  /** What is known of the agents that are built in. */
  readonly known?: Known;
}

interface Known {
  /** The mode for a task that may only read. */
  readonly readOnlyMode?: string;
  readonly install: string;
  readonly signIn: string;
}

/**
 * The agents that are known, in the modes in which they ask before they edit. Commands, modes and methods as the programs
 * themselves tell them: gemini-cli 0.61.0, opencode 1.18.33, qwen-code 0.24.4, copilot 1.0.102, claude-agent-acp 0.101.0
 * (where nothing is set, Claude decides what is allowed), codex-acp 2.6.0.
 */
export const presets: Readonly<Record<string, AcpAgent>> = {
  gemini: {
    command: ['gemini', '--acp'],
    auth: 'gemini-api-key',
    mode: 'default',
    known: {
      readOnlyMode: 'plan',
      install: 'npm install -g @google/gemini-cli',
      signIn: 'run "gemini" once, or let GEMINI_API_KEY through to it',
    },
  },
  opencode: {
    command: ['opencode', 'acp'],
    known: { readOnlyMode: 'plan', install: 'npm install -g opencode-ai', signIn: 'run "opencode auth login"' },
  },
  qwen: {
    command: ['qwen', '--acp'],
    mode: 'default',
    known: {
      readOnlyMode: 'plan',
      install: 'npm install -g @qwen-code/qwen-code',
      signIn: 'run "qwen" once, and /auth in it',
    },
  },
  copilot: {
    command: ['copilot', '--acp'],
    known: { install: 'npm install -g @github/copilot', signIn: 'run "copilot" once, and /login in it' },
  },
  'claude-acp': {
    command: ['claude-agent-acp'],
    mode: 'default',
    known: {
      readOnlyMode: 'plan',
      install: 'npm install -g @agentclientprotocol/claude-agent-acp',
      signIn: 'run "claude" once, and /login in it',
    },
  },
  'codex-acp': {
    command: ['codex-acp'],
    known: {
      readOnlyMode: 'read-only',
      install: 'npm install -g @agentclientprotocol/codex-acp',
      signIn: 'run "codex login"',
    },
  },
};
