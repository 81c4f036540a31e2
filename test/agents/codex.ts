import type { Ground } from './ground.ts';
import { call, refuse, say, type Answer } from './model/script.ts';
import { conflicting, FAILED, proposal, proposalSchema, RESET, SUCCEEDED, type Scenario } from './scenario.ts';

/** What the relay starts: `codex exec`, its prompt on stdin. */
export function codexArguments({ mode, args = [] }: Scenario, ground: Ground): readonly string[] {
  const schema = ground.place('schema.json', JSON.stringify(proposalSchema));
  const structured = mode === 'read-only' ? ['--output-schema', schema] : [];
  const quiet = ['plugins', 'apps', 'unbounded_connection_retries'].flatMap((name) => ['-c', `features.${name}=false`]);
  return [
    'exec',
    '--json',
    '--ephemeral',
    '--sandbox',
    mode,
    '--cd',
    ground.repository,
    ...quiet,
    ...structured,
    ...args,
    '-',
  ];
}

export function codexEnvironment(url: string, ground: Ground): Readonly<Record<string, string>> {
  ground.place('config/config.toml', configuration(url));
  // As `codex login --with-api-key` leaves it, for OpenAI's own provider.
  ground.place('config/auth.json', JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: 'nobodys-key' }));
  return { CODEX_HOME: ground.config, SCRIPTED_KEY: 'nobodys-key' };
}

/** A provider of one's own needs no sign-in; retries are off where a scenario does not ask for them. */
function configuration(url: string): string {
  return `model = "scripted"
model_provider = "scripted"
openai_base_url = "${url}/v1"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false

[analytics]
enabled = false

[otel]
exporter = "none"
`;
}

/** Where no further user namespace may be made, the sandbox cannot start; as in many containers. */
export const NO_NAMESPACES = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"',
  'sh',
];

/** The way of whoever is signed in: OpenAI's provider, and a model whose tools are called by JavaScript. */
const SIGNED_IN = ['-c', 'model_provider="openai"', '--model', 'gpt-6.1-sol'];

const RETRIES = ['-c', 'model_providers.scripted.stream_max_retries=2'];

function shell(cmd: string): Answer {
  return call('exec_command', { cmd });
}

function patchText(...lines: readonly string[]): string {
  return ['*** Begin Patch', ...lines, '*** End Patch'].join('\n');
}

function patch(...lines: readonly string[]): Answer {
  return shell(`apply_patch <<EOF\n${patchText(...lines)}\nEOF`);
}

const GREET_HI = [
  '*** Update File: greet.js',
  '@@',
  '-export const greet = (name) => `Hello, ${name}.`;',
  '+export const greet = (name) => `Hi, ${name}.`;',
];
export const editCommand = patch(...GREET_HI);

const usageLimit = refuse(429, {
  headers: {
    'x-codex-primary-used-percent': '100',
    'x-codex-primary-window-minutes': '300',
    'x-codex-primary-reset-at': String(RESET),
  },
  error: {
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    plan_type: 'plus',
    resets_at: RESET,
  },
});

const done = '"type":"turn.completed"';
const failed = '"type":"turn.failed"';

/** Commands are in no `says`: of one that ends at once, now and then, there is no event. */
export const codexScenarios = {
  success: {
    mode: 'workspace-write',
    script: [editCommand, say('It says hi.', { input: 1200, cached: 1000, output: 30 })],
    exit: SUCCEEDED,
    changes: [' M greet.js'],
    says: ['"type":"file_change"', '"status":"completed"', 'It says hi.', done],
  },
  'signed-in': {
    mode: 'workspace-write',
    script: [
      call('exec', `text(await tools.apply_patch(${JSON.stringify(patchText(...GREET_HI))}))`),
      say('It says hi.'),
    ],
    args: SIGNED_IN,
    exit: SUCCEEDED,
    changes: [' M greet.js'],
    says: ['"type":"file_change"', '"status":"completed"', 'It says hi.', done],
  },
  'several-turns': {
    mode: 'workspace-write',
    script: [shell('cat greet.js'), editCommand, shell('exit 3'), say('It says hi.')],
    exit: SUCCEEDED,
    changes: [' M greet.js'],
    says: ['"type":"file_change"', 'It says hi.', done],
  },
  'no-change': {
    mode: 'workspace-write',
    script: [say('There is nothing to do.')],
    exit: SUCCEEDED,
    says: ['There is nothing to do.', done],
  },
  'denied-edit': {
    mode: 'workspace-write',
    script: [patch('*** Add File: /etc/not-for-codex.txt', '+no'), say('It is written.')],
    exit: SUCCEEDED,
    says: ['patch rejected', done],
  },
  'denied-command': {
    mode: 'workspace-write',
    script: [shell('touch /etc/not-for-codex.txt .git/not-for-codex'), say('It is written.')],
    exit: SUCCEEDED,
    says: ['It is written.', done],
  },
  'wrong-patch': {
    mode: 'workspace-write',
    script: [patch('*** Update File: greet.js', '@@', '-Good morning', '+Hi'), say('It says hi.')],
    exit: SUCCEEDED,
    says: ['apply_patch verification failed', done],
  },
  'forking-tool': {
    mode: 'workspace-write',
    script: [shell('setsid sleep 1000 >/dev/null 2>&1 & echo forked'), say('A process was left.')],
    exit: SUCCEEDED,
    says: ['A process was left.', done],
  },
  'failed-sandbox': {
    mode: 'workspace-write',
    script: [editCommand, shell('cat greet.js'), say('It says hi.')],
    under: NO_NAMESPACES,
    exit: SUCCEEDED,
    says: ['"type":"file_change"', '"status":"failed"', 'It says hi.', done],
  },
  proposal: {
    mode: 'read-only',
    script: [shell('cat greet.js'), say(JSON.stringify(proposal), { input: 900, cached: 0, output: 120 })],
    exit: SUCCEEDED,
    says: ['"type":"agent_message"', done],
  },
  'proposal-conflict': {
    mode: 'read-only',
    script: [say(JSON.stringify(conflicting))],
    exit: SUCCEEDED,
    says: ['Good morning', done],
  },
  'proposal-no-json': {
    mode: 'read-only',
    script: [say('I would change "Hello" to "Hi".')],
    exit: SUCCEEDED,
    says: ['I would change', done],
  },
  'denied-read-only': {
    mode: 'read-only',
    script: [editCommand, say(JSON.stringify(proposal))],
    exit: SUCCEEDED,
    says: ['writing is blocked by read-only sandbox', done],
  },
  unauthorized: {
    mode: 'read-only',
    script: [refuse(401)],
    exit: FAILED,
    says: ['"type":"error"', failed, '401 Unauthorized'],
  },
  unreachable: {
    mode: 'read-only',
    script: [say('never asked')],
    args: ['-c', 'model_providers.scripted.base_url="http://127.0.0.1:9/v1"'],
    exit: FAILED,
    says: [failed, 'Connection failed'],
  },
  'server-error': {
    mode: 'read-only',
    script: [refuse(500)],
    exit: FAILED,
    says: ['"type":"error"', failed],
  },
  reconnects: {
    mode: 'read-only',
    script: [refuse(500), { kind: 'cut' }, say(JSON.stringify(proposal))],
    args: RETRIES,
    exit: SUCCEEDED,
    says: ['Reconnecting... 1/2', 'Reconnecting... 2/2', '"type":"agent_message"', done],
  },
  'rate-limit': {
    mode: 'read-only',
    script: [usageLimit],
    exit: FAILED,
    says: ['usage limit', failed, 'try again at Jan 1st, 2100 12:00 AM'],
  },
  'rate-limit-key': {
    mode: 'read-only',
    script: [refuse(429, { headers: { 'retry-after': '7' } })],
    exit: FAILED,
    says: [failed, 'last status: 429 Too Many Requests'],
  },
  malformed: {
    mode: 'read-only',
    script: [{ kind: 'malformed' }],
    exit: FAILED,
    says: [failed, 'stream disconnected before completion'],
  },
  'never-answering': {
    mode: 'read-only',
    script: [{ kind: 'silent' }],
    isEnded: true,
    exit: { kind: 'signaled', signal: 'SIGTERM' },
    says: ['"type":"turn.started"'],
  },
  'no-key': {
    mode: 'read-only',
    script: [say('never asked')],
    env: { SCRIPTED_KEY: undefined },
    exit: FAILED,
    says: [failed, 'SCRIPTED_KEY'],
  },
} as const satisfies Readonly<Record<string, Scenario>>;
