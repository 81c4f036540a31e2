#!/usr/bin/env node
import './cli/nodeVersion.ts';
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { jsonLog } from './base/log.ts';
import { messageOf } from './base/result.ts';
import { cancel, rebase, retry } from './cli/act.ts';
import type { CliContext, Command } from './cli/context.ts';
import { answer } from './cli/answer.ts';
import { apply, hunks, undo } from './cli/deliver.ts';
import { executors } from './cli/executors.ts';
import { artifact, check, jobs, show } from './cli/inspect.ts';
import { follow } from './cli/follow.ts';
import { logs } from './cli/logs.ts';
import { plan } from './cli/plan.ts';
import { publish } from './cli/publish.ts';
import { record } from './cli/record.ts';
import { serve } from './cli/serve.ts';
import { submit } from './cli/submit.ts';
import { usage as usageCommand } from './cli/usage.ts';
import { lift, verify } from './cli/trust.ts';
import { plain } from './cli/text.ts';
import manifest from '../package.json' with { type: 'json' };

const commands: readonly Command[] = [
  serve,
  submit,
  executors,
  jobs,
  show,
  artifact,
  check,
  logs,
  answer,
  cancel,
  retry,
  rebase,
  follow,
  hunks,
  apply,
  undo,
  plan,
  publish,
  verify,
  record,
  lift,
  usageCommand,
];

const usage = `task-relay ${manifest.version}: tasks for coding agents, as proven patches

${commands.map((command) => `  task-relay ${command.usage}`).join('\n')}

Every command takes --repo DIR (default: here) and --data DIR (where the record is). JOB is a job id or its beginning.
Exit codes: 0 done (--wait: SUCCEEDED) · 1 the job ended otherwise, or the working tree stood in the way · 2 bad input · 3 the relay failed.
`;

/** What a person should know while a command runs; a host that serves writes a line of JSON an event instead. */
const personLog: Log = {
  write(level, message) {
    if (level === 'warn' || level === 'error') process.stderr.write(`task-relay: ${plain(message)}\n`);
  },
};

async function main(): Promise<number> {
  const [name = '', ...args] = process.argv.slice(2);
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usage);
    return name === '' ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${manifest.version}\n`);
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) return fail(2, `There is no command "${name}". "task-relay help" lists them.`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`task-relay ${command.usage}\n`);
    return 0;
  }
  const context: CliContext = {
    args,
    cwd: process.cwd(),
    environment: process.env,
    clock: systemClock,
    log:
      name === 'serve'
        ? jsonLog(
            (line) => process.stderr.write(line),
            () => systemClock.now(),
          )
        : personLog,
    program: __filename,
    assets: __dirname,
    version: manifest.version,
    stdin: readStdin,
    print: (text) => process.stdout.write(text),
    unread,
    interrupted: interrupted(),
  };
  // One of the three doors for exceptions: a bug ends the command with a word to the person.
  const done = await command.run(context).catch((thrown: unknown) => fail(3, `a bug of its own: ${messageOf(thrown)}`));
  if (typeof done === 'number') return done;
  return done.ok ? done.value : fail(done.error.code, done.error.message);
}

/** How much later a second signal must come to mean "now": a shell and a parent may both pass on the first. */
const IMPATIENT_MS = 500;

/** Resolves at the first signal; whoever asks once more after a while does not want to wait. */
function interrupted(): Promise<void> {
  let first: number | undefined;
  return new Promise((resolve) => {
    const heard = (): void => {
      first ??= systemClock.monotonic();
      if (systemClock.monotonic() - first > IMPATIENT_MS) process.exit(3);
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, heard);
  });
}

function fail(code: number, message: string): number {
  process.stderr.write(`task-relay: ${plain(message.replace(/\s*\n\s*/g, ' '))}\n`);
  return code;
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

// Whoever reads the output may stop reading: what was begun goes on without them.
const unread = new Promise<void>((resolve) => process.stdout.on('error', () => resolve()));
process.stderr.on('error', () => undefined);
// Until it is known better: a process that ends by itself before its work is done has failed.
process.exitCode = 3;
void main().then((code) => {
  process.exitCode = code;
});
