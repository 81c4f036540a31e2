import * as z from 'zod';
import { ObjectId } from './ids.ts';
import { PolicyGlob } from './repositoryPolicy.ts';

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'a path has no NUL');
const scopeGlob = path.regex(/^[^!]/, 'a path or a glob that does not begin with "!": name what the patch may touch');
const name = z.string().min(1).max(200);
const command = z
  .string()
  .min(1)
  .max(32_768)
  .refine((text) => !text.includes('\0'), 'a command has no NUL');

const WorkspaceRepo = z.strictObject({
  type: z.literal('workspace'),
  include: z.enum(['head', 'uncommitted']).optional(),
});
const LocalRepo = z.strictObject({
  type: z.literal('local'),
  path,
  baseBranch: name.optional(),
  baselineCommit: ObjectId,
});
const GitRepo = z.strictObject({
  type: z.literal('git'),
  url: z.string().min(1).max(2048),
  baseBranch: name,
  baselineCommit: ObjectId,
});

const insidePath = path.refine(
  (text) => !/^(?:[/\\]|[a-zA-Z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(text),
  'a path inside of the checkout: relative, and without ".."',
);

/** A command that the relay runs on the result and on the baseline. */
export const Gate = z.strictObject({
  name,
  run: command,
  timeoutS: z.int().min(1).max(86_400).optional(),
  /** Fails the job even where the baseline fails it too, and where it is flaky. */
  must: z.literal('pass').optional(),
  /** Where it writes JUnit XML or TAP: a path or glob inside of the checkout. */
  report: insidePath.optional(),
});
export type Gate = z.infer<typeof Gate>;

export const Priority = z.enum(['P0', 'P1', 'P2']);
export type Priority = z.infer<typeof Priority>;

/** `read-only`: the executor proposes, and the relay makes the change. */
export const Sandbox = z.enum(['read-only', 'workspace-write']);
export type Sandbox = z.infer<typeof Sandbox>;

const Execution = z.strictObject({
  executor: name.optional(),
  preferredModel: name.optional(),
  sandbox: Sandbox.optional(),
  priority: Priority.optional(),
  /** Seconds from submission until the job is EXPIRED wherever it stands. */
  ttlS: z.int().min(1).max(2_592_000).optional(),
  /** Seconds that one attempt may take. */
  timeoutS: z.int().min(1).max(86_400).optional(),
  maxAttempts: z.int().min(1).max(10).optional(),
  budget: z.strictObject({ usd: z.number().positive().optional(), tokens: z.int().positive().optional() }).optional(),
  command: command.optional(),
  /** The full path of a cassette that the executor `replay` plays. */
  cassette: path.optional().describe('for a person alone: refused by MCP'),
});

/**
 * One request to change one repository at one baseline: the same schema at every door.
 * What is left out has a default (see `defaults`); an unknown key is refused by its name.
 */
export const JobSpec = z.strictObject({
  repo: z.discriminatedUnion('type', [WorkspaceRepo, LocalRepo, GitRepo]).optional(),
  task: z.strictObject({
    title: z.string().trim().min(1).max(200),
    description: z.string().max(10_000).optional(),
    acceptance: z.array(z.string().min(1).max(2000)).max(50).optional(),
  }),
  scope: z
    .strictObject({
      readPaths: z.array(path).max(200).optional(),
      /** A path is in the scope where one of them fits, so a negated one would let in all the rest. */
      fileGlobs: z.array(scopeGlob).min(1).max(200).optional(),
      disallowReformatting: z.boolean().optional(),
      /** Protected paths, or globs of them, that a person lets this task touch. */
      allowProtected: z.array(PolicyGlob).min(1).max(200).optional().describe('for a person alone: refused by MCP'),
    })
    .optional(),
  context: z
    .strictObject({
      codeSnippets: z
        .array(z.strictObject({ path, from: z.int().min(1), to: z.int().min(1) }))
        .max(50)
        .optional(),
    })
    .optional(),
  checks: z.array(Gate).max(20).optional(),
  setup: command.optional(),
  allowEmpty: z.boolean().optional(),
  execution: Execution.optional(),
  labels: z.record(z.string().min(1).max(100), z.string().max(500)).optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
  notify: z.strictObject({ enablePr: z.boolean().optional(), webhook: z.url().max(2048).optional() }).optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;

/** What a spec means where it says nothing. Seconds. */
export const defaults = { priority: 'P1', ttlS: 3600, timeoutS: 900, maxAttempts: 1, gateTimeoutS: 600 } as const;

export function priorityOf(spec: JobSpec): Priority {
  return spec.execution?.priority ?? defaults.priority;
}

/** The name for whichever executor is ready first, in the user's order. */
export const AUTO = 'auto';

/** The executor that a spec names; a command or a cassette without a name is for the one that takes it. */
export function executorOf(spec: JobSpec): string {
  const { executor, command, cassette } = spec.execution ?? {};
  if (executor !== undefined) return executor;
  if (cassette !== undefined) return 'replay';
  return command === undefined ? AUTO : 'command';
}

/** The command lines in a spec that the relay would run, each with the field that holds it. */
export function commandsOf(spec: JobSpec): readonly { readonly field: string; readonly run: string }[] {
  return [
    ...(spec.execution?.command === undefined ? [] : [{ field: 'execution.command', run: spec.execution.command }]),
    ...(spec.setup === undefined ? [] : [{ field: 'setup', run: spec.setup }]),
    ...(spec.checks ?? []).map((gate, index) => ({ field: `checks[${index}].run`, run: gate.run })),
  ];
}
