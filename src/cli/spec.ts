import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { JobSpec } from '../domain/jobSpec.ts';
import { wrongInput } from '../protocol/wrongInput.ts';
import type { CliContext } from './context.ts';
import { badInput, type CliFailure } from './failure.ts';
import { wholeNumber } from './options.ts';

/** The options that make a task. */
export const specOptions = {
  title: { type: 'string' },
  description: { type: 'string' },
  executor: { type: 'string' },
  run: { type: 'string' },
  cassette: { type: 'string' },
  model: { type: 'string' },
  sandbox: { type: 'string' },
  attempts: { type: 'string' },
  'budget-usd': { type: 'string' },
  'budget-tokens': { type: 'string' },
  check: { type: 'string', multiple: true },
  setup: { type: 'string' },
  glob: { type: 'string', multiple: true },
  'allow-protected': { type: 'string', multiple: true },
  priority: { type: 'string' },
  ttl: { type: 'string' },
  timeout: { type: 'string' },
  key: { type: 'string' },
  'allow-empty': { type: 'boolean' },
  uncommitted: { type: 'boolean' },
  spec: { type: 'string' },
} as const;

interface SpecValues {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly executor?: string | undefined;
  readonly run?: string | undefined;
  readonly cassette?: string | undefined;
  readonly model?: string | undefined;
  readonly sandbox?: string | undefined;
  readonly attempts?: string | undefined;
  readonly 'budget-usd'?: string | undefined;
  readonly 'budget-tokens'?: string | undefined;
  readonly check?: readonly string[] | undefined;
  readonly setup?: string | undefined;
  readonly glob?: readonly string[] | undefined;
  readonly 'allow-protected'?: readonly string[] | undefined;
  readonly priority?: string | undefined;
  readonly ttl?: string | undefined;
  readonly timeout?: string | undefined;
  readonly key?: string | undefined;
  readonly 'allow-empty'?: boolean | undefined;
  readonly uncommitted?: boolean | undefined;
  readonly spec?: string | undefined;
}

/** The task that the user gave, by options or as a whole. */
export async function specOf(context: CliContext, values: SpecValues): Promise<Result<JobSpec, CliFailure>> {
  const raw =
    values.spec === undefined ? specFromOptions(context, values) : await specFromFile(context, values.spec, values);
  if (!raw.ok) return raw;
  const spec = JobSpec.safeParse(raw.value);
  return spec.success ? ok(spec.data) : err(badInput(`The task is not valid: ${wrongInput(spec.error)}`));
}

async function specFromFile(
  context: CliContext,
  file: string,
  values: SpecValues,
): Promise<Result<unknown, CliFailure>> {
  const given = Object.keys(values).filter((name) => !['spec', 'repo', 'data', 'wait', 'json'].includes(name));
  if (given.length > 0) return err(badInput(`--spec is the whole task: leave out --${given.join(', --')}.`));
  try {
    return ok(JSON.parse(file === '-' ? await context.stdin() : await readFile(resolve(context.cwd, file), 'utf8')));
  } catch (thrown) {
    return err(badInput(`The spec "${file}" could not be read as JSON: ${messageOf(thrown)}`));
  }
}

function specFromOptions({ cwd }: CliContext, values: SpecValues): Result<unknown, CliFailure> {
  if (values.title === undefined) return err(badInput('Give --title, or a whole task by --spec FILE.'));
  if (values.run === undefined && values.executor === 'command') {
    return err(badInput('Give the command that makes the change: --run "…".'));
  }
  const ttl = wholeNumber('ttl', values.ttl, 1, 2_592_000);
  if (!ttl.ok) return ttl;
  const timeout = wholeNumber('timeout', values.timeout, 1, 86_400);
  if (!timeout.ok) return timeout;
  const attempts = wholeNumber('attempts', values.attempts, 1, 10);
  if (!attempts.ok) return attempts;
  const budget = budgetOf(values);
  if (!budget.ok) return budget;
  const checks: { name: string; run: string }[] = [];
  for (const check of values.check ?? []) {
    const at = check.indexOf('=');
    if (at <= 0) return err(badInput(`--check takes NAME=CMD, not "${check}".`));
    checks.push({ name: check.slice(0, at), run: check.slice(at + 1) });
  }
  return ok(
    present({
      repo: values.uncommitted === true ? { type: 'workspace', include: 'uncommitted' } : undefined,
      task: present({ title: values.title, description: values.description }),
      scope: scopeOf(values),
      checks: checks.length === 0 ? undefined : checks,
      setup: values.setup,
      allowEmpty: values['allow-empty'],
      execution: present({
        executor: values.executor,
        command: values.run,
        cassette: values.cassette === undefined ? undefined : resolve(cwd, values.cassette),
        preferredModel: values.model,
        sandbox: values.sandbox,
        budget: budget.value,
        maxAttempts: attempts.value,
        priority: values.priority,
        ttlS: ttl.value,
        timeoutS: timeout.value,
      }),
      idempotencyKey: values.key,
    }),
  );
}

function budgetOf(values: SpecValues): Result<unknown, CliFailure> {
  const tokens = wholeNumber('budget-tokens', values['budget-tokens'], 1, Number.MAX_SAFE_INTEGER);
  if (!tokens.ok) return tokens;
  const text = values['budget-usd'];
  if (text !== undefined && !/^\d*\.?\d+$/.test(text))
    return err(badInput(`--budget-usd takes an amount such as 0.50, not "${text}".`));
  if (text === undefined && tokens.value === undefined) return ok(undefined);
  return ok(present({ usd: text === undefined ? undefined : Number(text), tokens: tokens.value }));
}

function scopeOf({ glob, 'allow-protected': allowProtected }: SpecValues): unknown {
  return glob === undefined && allowProtected === undefined ? undefined : present({ fileGlobs: glob, allowProtected });
}

function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
