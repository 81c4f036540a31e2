import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { JobId } from '../domain/ids.ts';
import { JobSpec } from '../domain/jobSpec.ts';
import type { JobView } from '../protocol/jobView.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import { connect, type Connection, type Target } from './connection.ts';
import type { CliContext, Command, CommandResult } from './context.ts';
import { badInput, fromRelay, relayFailed, type CliFailure } from './failure.ts';
import { directoryOf, parseOptions, wholeNumber } from './options.ts';
import { jobText } from './text.ts';
import { leave, waitForEnd } from './wait.ts';

const options = {
  title: { type: 'string' },
  description: { type: 'string' },
  executor: { type: 'string' },
  run: { type: 'string' },
  check: { type: 'string', multiple: true },
  setup: { type: 'string' },
  glob: { type: 'string', multiple: true },
  priority: { type: 'string' },
  ttl: { type: 'string' },
  timeout: { type: 'string' },
  key: { type: 'string' },
  'allow-empty': { type: 'boolean' },
  spec: { type: 'string' },
  wait: { type: 'boolean' },
} as const;

interface Values {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly executor?: string | undefined;
  readonly run?: string | undefined;
  readonly check?: readonly string[] | undefined;
  readonly setup?: string | undefined;
  readonly glob?: readonly string[] | undefined;
  readonly priority?: string | undefined;
  readonly ttl?: string | undefined;
  readonly timeout?: string | undefined;
  readonly key?: string | undefined;
  readonly 'allow-empty'?: boolean | undefined;
  readonly spec?: string | undefined;
}

export const submit: Command = {
  name: 'submit',
  usage:
    'submit [--repo DIR] --title T [--description D] [--executor command] --run CMD [--check NAME=CMD]… [--setup CMD] [--glob G]… [--priority P0|P1|P2] [--ttl S] [--timeout S] [--key K] [--allow-empty] [--wait] [--json]  |  submit --spec FILE|- [--wait] [--json]',
  async run(context) {
    const parsed = parseOptions(context, options, []);
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    const spec = await specOf(context, values);
    if (!spec.ok) return spec;
    const target = { directory: directoryOf(context, values.repo), data: values.data };
    return values.wait === true
      ? submitAndWait(context, target, spec.value, values.json === true)
      : submitAndLeave(context, target, spec.value, values.json === true);
  },
};

async function submitAndLeave(context: CliContext, target: Target, spec: JobSpec, json: boolean): CommandResult {
  const connected = await connect(context, target, 'background');
  if (!connected.ok) return connected;
  const connection = connected.value;
  try {
    const submitted = await submitTo(connection, spec);
    if (!submitted.ok) return submitted;
    const job = await connection.relay.get({ jobId: submitted.value });
    if (!job.ok) return err(fromRelay(job.error));
    context.print(json ? `${JSON.stringify(job.value)}\n` : `${job.value.jobId}  ${job.value.state}\n`);
    return ok(0);
  } finally {
    await connection.close();
  }
}

/** Waits for the job wherever its host is: one that goes away is replaced by another, or by this process. */
async function submitAndWait(context: CliContext, target: Target, spec: JobSpec, json: boolean): CommandResult {
  let jobId: JobId | undefined;
  for (;;) {
    const connected = await connect(context, target, 'host');
    if (!connected.ok) return connected;
    const connection = connected.value;
    const stop = context.interrupted.then(() => connection.close());
    try {
      if (jobId === undefined) {
        const submitted = await submitTo(connection, spec);
        if (!submitted.ok) return submitted;
        jobId = submitted.value;
        if (!json) context.print(`${jobId}\n`);
      }
      const id = jobId;
      const ended = await Promise.race([
        waitForEnd(connection, id, (state) => (json ? undefined : context.print(`  ${state}\n`))),
        stop.then(() => err(relayFailed(`Interrupted. Job ${id} stays in the queue: it goes on with the next host.`))),
      ]);
      if (!ended.ok) return ended;
      if (ended.value !== undefined) return tell(context, ended.value, json);
    } finally {
      await leave(context, connection);
    }
  }
}

function tell(context: CliContext, job: JobView, json: boolean): Result<0 | 1, CliFailure> {
  context.print(json ? `${JSON.stringify(job)}\n` : jobText(job));
  if (!json && job.state === 'SUCCEEDED' && job.fileCount > 0) {
    context.print(`Next: task-relay artifact ${job.jobId} patch.diff · task-relay apply ${job.jobId}\n`);
  }
  return ok(job.state === 'SUCCEEDED' ? 0 : 1);
}

async function submitTo({ relay, workspace }: Connection, spec: JobSpec): Promise<Result<JobId, CliFailure>> {
  const submitted = await relay.submit({ spec, workspace, origin: 'cli' });
  return submitted.ok ? ok(submitted.value.jobId) : err(fromRelay(submitted.error));
}

async function specOf(context: CliContext, values: Values): Promise<Result<JobSpec, CliFailure>> {
  const raw = values.spec === undefined ? specFromOptions(values) : await specFromFile(context, values.spec, values);
  if (!raw.ok) return raw;
  const spec = JobSpec.safeParse(raw.value);
  return spec.success ? ok(spec.data) : err(badInput(`The task is not valid: ${wrongInput(spec.error)}`));
}

async function specFromFile(context: CliContext, file: string, values: Values): Promise<Result<unknown, CliFailure>> {
  const given = Object.keys(values).filter((name) => !['spec', 'repo', 'data', 'wait', 'json'].includes(name));
  if (given.length > 0) return err(badInput(`--spec is the whole task: leave out --${given.join(', --')}.`));
  try {
    return ok(JSON.parse(file === '-' ? await context.stdin() : await readFile(resolve(context.cwd, file), 'utf8')));
  } catch (thrown) {
    return err(badInput(`The spec "${file}" could not be read as JSON: ${messageOf(thrown)}`));
  }
}

function specFromOptions(values: Values): Result<unknown, CliFailure> {
  if (values.title === undefined) return err(badInput('Give --title, or a whole task by --spec FILE.'));
  if (values.run === undefined && (values.executor ?? 'command') === 'command') {
    return err(badInput('Give the command that makes the change: --run "…".'));
  }
  const ttl = wholeNumber('ttl', values.ttl, 1, 2_592_000);
  if (!ttl.ok) return ttl;
  const timeout = wholeNumber('timeout', values.timeout, 1, 86_400);
  if (!timeout.ok) return timeout;
  const checks: { name: string; run: string }[] = [];
  for (const check of values.check ?? []) {
    const at = check.indexOf('=');
    if (at <= 0) return err(badInput(`--check takes NAME=CMD, not "${check}".`));
    checks.push({ name: check.slice(0, at), run: check.slice(at + 1) });
  }
  return ok(
    present({
      task: present({ title: values.title, description: values.description }),
      scope: values.glob === undefined ? undefined : { fileGlobs: values.glob },
      checks: checks.length === 0 ? undefined : checks,
      setup: values.setup,
      allowEmpty: values['allow-empty'],
      execution: present({
        executor: values.executor,
        command: values.run,
        priority: values.priority,
        ttlS: ttl.value,
        timeoutS: timeout.value,
      }),
      idempotencyKey: values.key,
    }),
  );
}

function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
