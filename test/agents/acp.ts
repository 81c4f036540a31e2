import { join } from 'node:path';
import { claudeEnvironment } from './claude.ts';
import { codexEnvironment, editCommand } from './codex.ts';
import type { Ground } from './ground.ts';
import { call, type Answer } from './model/script.ts';

/** An agent that speaks the Agent Client Protocol on its stdin and stdout, and how it is led to the scripted model. */
export interface AcpAgent {
  readonly args: readonly string[];
  readonly environment: (url: string, ground: Ground) => Readonly<Record<string, string>>;
  /** The method of `authenticate`, for one that wants it before a session. */
  readonly authentication?: string;
  /** The model's turns that put "Hi" for "Hello" into a file: each agent has tools of its own. */
  readonly edit: (file: string) => readonly Answer[];
  /** Whether it asks before it edits, and writes by the client's `fs/write_text_file`. */
  readonly asks: boolean;
  readonly writesByClient: boolean;
}

export const acpAgents = {
  gemini: {
    args: ['--acp'],
    environment: (url, ground) => {
      const settings = { security: { auth: { selectedType: 'gemini-api-key' } }, telemetry: { enabled: false } };
      ground.place('home/.gemini/settings.json', JSON.stringify(settings));
      return {
        GEMINI_API_KEY: 'nobodys-key',
        GOOGLE_GEMINI_BASE_URL: url,
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
        GEMINI_MODEL: 'gemini-2.5-flash',
      };
    },
    authentication: 'gemini-api-key',
    edit: (file_path) => [
      call('replace', { file_path, old_string: 'Hello', new_string: 'Hi', instruction: 'Say hi.' }),
    ],
    asks: true,
    writesByClient: true,
  },
  qwen: {
    args: ['--acp', '--auth-type', 'openai'],
    environment: (url) => ({ OPENAI_API_KEY: 'nobodys-key', OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: 'scripted' }),
    edit: (file_path) => [
      call('read_file', { file_path }),
      call('edit', { file_path, old_string: 'Hello', new_string: 'Hi' }),
    ],
    asks: false,
    writesByClient: true,
  },
  opencode: {
    args: ['acp'],
    environment: (url, ground) => ({ OPENCODE_CONFIG: ground.place('config/opencode.json', openCodeSettings(url)) }),
    edit: (filePath) => [call('read', { filePath }), call('edit', { filePath, oldString: 'Hello', newString: 'Hi' })],
    asks: true,
    writesByClient: true,
  },
  'claude-acp': {
    args: [],
    environment: claudeEnvironment,
    edit: (file_path) => [
      call('Read', { file_path }),
      call('Edit', { file_path, old_string: 'Hello', new_string: 'Hi' }),
    ],
    asks: false,
    writesByClient: false,
  },
  'codex-acp': {
    args: [],
    environment: codexEnvironment,
    edit: () => [editCommand],
    asks: false,
    writesByClient: false,
  },
} as const satisfies Readonly<Record<string, AcpAgent>>;

function openCodeSettings(url: string): string {
  const model = { name: 'Scripted', limit: { context: 100_000, output: 8000 }, tool_call: true };
  const options = { baseURL: `${url}/v1`, apiKey: 'nobodys-key' };
  const provider = { npm: '@ai-sdk/openai-compatible', name: 'Scripted', options, models: { scripted: model } };
  const one = 'relay/scripted';
  return JSON.stringify({
    model: one,
    small_model: one,
    autoupdate: false,
    share: 'disabled',
    permission: { edit: 'ask' },
    provider: { relay: provider },
  });
}

/** The file of the ground that all of them are to edit. */
export function greetingIn({ repository }: Ground): string {
  return join(repository, 'greet.js');
}
