import type { Ground } from './ground.ts';
import { call, refuse, say } from './model/script.ts';
import { conflicting, FAILED, proposal, proposalSchema, RESET, SUCCEEDED, type Scenario } from './scenario.ts';

/**
 * What the relay starts: `claude -p`, its prompt on stdin. Not `--bare`: with it, nobody's sign-in counts but a key in the
 * environment. `--restricted` keeps the file tools in the working directory and commands away.
 */
export function claudeArguments({ mode, args = [] }: Scenario): readonly string[] {
  const output = ['-p', '--output-format', 'stream-json', '--verbose', '--model', 'claude-sonnet-4-5'];
  const alone = ['--restricted', '--strict-mcp-config', '--no-session-persistence'];
  return [...output, ...alone, ...(mode === 'read-only' ? READ_ONLY : WRITE), ...args];
}

const told = {
  type: 'object',
  additionalProperties: false,
  required: ['testPlan', 'notes'],
  properties: { testPlan: { type: 'string' }, notes: { type: 'string' } },
};
const READ_ONLY = [
  '--permission-mode',
  'plan',
  '--tools',
  'Read,Grep,Glob',
  '--json-schema',
  JSON.stringify(proposalSchema),
];
const WRITE = [
  '--permission-mode',
  'acceptEdits',
  '--tools',
  'Read,Grep,Glob,Edit,Write',
  '--json-schema',
  JSON.stringify(told),
];

export function claudeEnvironment(url: string, ground: Ground): Readonly<Record<string, string>> {
  return {
    CLAUDE_CONFIG_DIR: ground.config,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'nobodys-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
}

const read = call('Read', { file_path: 'greet.js' });
const edit = call('Edit', { file_path: 'greet.js', old_string: 'Hello', new_string: 'Hi' });
const { testPlan, notes } = proposal;
const finish = call('StructuredOutput', { testPlan, notes }, { input: 1200, cached: 1000, output: 30 });

/** With a token, as somebody with a subscription has it, limits come with their reset; with a key they do not. */
const subscribed = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'nobodys-token' };
const limit = refuse(429, {
  headers: {
    'retry-after': '3600',
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-reset': String(RESET),
    'anthropic-ratelimit-unified-representative-claim': 'five_hour',
  },
});
/** Commands, allowed and without `--restricted`'s bounds: what a user's own settings may come to. */
const COMMANDS = ['--tools', 'Read,Bash', '--allowedTools', 'Bash'];

const success = '"subtype":"success"';
const isError = '"is_error":true';

export const claudeScenarios = {
  success: {
    mode: 'workspace-write',
    script: [read, edit, finish],
    exit: SUCCEEDED,
    changes: [' M greet.js'],
    says: ['"subtype":"init"', '"name":"Edit"', success, '"structured_output":{'],
  },
  'denied-edit': {
    mode: 'workspace-write',
    script: [call('Write', { file_path: '/etc/not-for-claude.txt', content: 'no' }), finish],
    exit: SUCCEEDED,
    says: ['"subtype":"permission_denied"', '"permission_denials":[{"tool_name":"Write"', success],
  },
  'wrong-edit': {
    mode: 'workspace-write',
    script: [read, call('Edit', { file_path: 'greet.js', old_string: 'Good morning', new_string: 'Hi' }), finish],
    exit: SUCCEEDED,
    says: ['String to replace not found', '"permission_denials":[]', success],
  },
  'no-such-tool': {
    mode: 'workspace-write',
    script: [call('Bash', { command: 'ls' }), finish],
    exit: SUCCEEDED,
    says: ['No such tool available: Bash', success],
  },
  'no-structured-output': {
    mode: 'workspace-write',
    script: [read, edit, say('It says hi.')],
    exit: SUCCEEDED,
    changes: [' M greet.js'],
    says: ['structured-output-enforce', success],
  },
  'forking-tool': {
    mode: 'workspace-write',
    script: [call('Bash', { command: 'setsid sleep 1000 >/dev/null 2>&1 & echo forked' }), finish],
    args: COMMANDS,
    exit: SUCCEEDED,
    leaves: true,
    says: ['forked', success],
  },
  'max-turns': {
    mode: 'workspace-write',
    script: [read],
    args: ['--max-turns', '2'],
    exit: FAILED,
    says: ['"subtype":"error_max_turns"'],
  },
  'max-budget': {
    mode: 'workspace-write',
    script: [call('Read', { file_path: 'greet.js' }, { input: 1_000_000, cached: 0, output: 1000 })],
    args: ['--max-budget-usd', '0.5'],
    exit: FAILED,
    says: ['"subtype":"error_max_budget_usd"'],
  },
  proposal: {
    mode: 'read-only',
    script: [read, call('StructuredOutput', proposal, { input: 900, cached: 0, output: 120 })],
    exit: SUCCEEDED,
    says: ['"permissionMode":"plan"', success, '"structured_output":{"edits"'],
  },
  'proposal-conflict': {
    mode: 'read-only',
    script: [call('StructuredOutput', conflicting)],
    exit: SUCCEEDED,
    says: ['Good morning', success],
  },
  'proposal-no-json': {
    mode: 'read-only',
    script: [say('I would change "Hello" to "Hi".')],
    exit: SUCCEEDED,
    says: ['structured-output-enforce', success],
  },
  'proposal-wrong-schema': {
    mode: 'read-only',
    script: [call('StructuredOutput', { notes: 'There is no edit.' })],
    exit: FAILED,
    says: ['Output does not match required schema'],
  },
  unauthorized: {
    mode: 'read-only',
    script: [refuse(401)],
    exit: FAILED,
    says: ['"subtype":"api_retry"', '"error":"authentication_failed"', '"api_error_status":401', isError],
  },
  'not-signed-in': {
    mode: 'read-only',
    script: [say('never asked')],
    env: { ANTHROPIC_API_KEY: undefined },
    exit: FAILED,
    says: ['Not logged in', isError],
  },
  unreachable: {
    mode: 'read-only',
    script: [say('never asked')],
    env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
    exit: FAILED,
    says: ['"subtype":"api_retry"', isError],
  },
  'server-error': {
    mode: 'read-only',
    script: [refuse(500)],
    exit: FAILED,
    says: ['"subtype":"api_retry"', '"api_error_status":500', isError],
  },
  retried: {
    mode: 'read-only',
    script: [refuse(529, { error: { type: 'overloaded_error' } }), call('StructuredOutput', proposal)],
    exit: SUCCEEDED,
    says: ['"subtype":"api_retry"', '"error":"overloaded"', success],
  },
  'rate-limit': {
    mode: 'read-only',
    script: [limit],
    env: subscribed,
    exit: FAILED,
    says: [`"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":${RESET}`, isError],
  },
  'rate-limit-key': {
    mode: 'read-only',
    script: [limit],
    exit: FAILED,
    says: ['"error":"rate_limit"', '"api_error_status":429', isError],
  },
  malformed: {
    mode: 'read-only',
    script: [{ kind: 'malformed' }],
    exit: FAILED,
    says: ['empty or malformed response', isError],
  },
  'never-answering': {
    mode: 'read-only',
    script: [{ kind: 'silent' }],
    isEnded: true,
    exit: { kind: 'exited', exitCode: 143 },
    says: ['"subtype":"init"'],
  },
} as const satisfies Readonly<Record<string, Scenario>>;
