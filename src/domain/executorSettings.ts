import * as z from 'zod';
import { Sandbox } from './jobSpec.ts';

const program = z.string().min(1).max(4096).describe('the path of the program, or its name in PATH');
const model = z.string().min(1).max(200);

const Codex = z.strictObject({
  program: program.default('codex'),
  /** What a spec without `execution.sandbox` means. */
  sandbox: Sandbox.default('read-only'),
  model: model.optional(),
});

const Claude = z.strictObject({
  program: program.default('claude'),
  sandbox: Sandbox.default('workspace-write'),
  model: model.optional(),
  maxTurns: z.int().min(1).max(1000).default(50),
});

/** An agent that speaks the Agent Client Protocol. */
const AcpAgent = z.strictObject({
  /** The program and its arguments. */
  command: z.array(z.string().min(1)).min(1),
  /** The method to sign in by, where the agent asks for one. */
  auth: z.string().optional(),
  /** The mode of its sessions, where it has several. */
  mode: z.string().optional(),
  model: model.optional(),
});

/** How the user wants executors to run: the setting relay.executors, or the file that --executors names. */
export const ExecutorSettings = z.strictObject({
  /** Which are tried, first to last, for a task that names none. */
  order: z.array(z.string().min(1)).optional(),
  codex: Codex.prefault({}),
  claude: Claude.prefault({}),
  /** By the name that a spec gives as executor; one of a preset's name takes its place. */
  acp: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), AcpAgent).default({}),
  /** What an agent may do that asks first, besides editing files in its slot. */
  permissions: z.enum(['ask', 'allow', 'refuse']).default('ask'),
  /** Whether the threads of jobs that succeeded are kept, so that a follow-up can go on in them. */
  threads: z.enum(['keep', 'drop']).default('keep'),
});
export type ExecutorSettings = z.infer<typeof ExecutorSettings>;

/** Where the user has set nothing. */
export const defaultExecutorSettings: ExecutorSettings = ExecutorSettings.parse({});

/** A setting that is not used. */
export interface SettingsProblem {
  /** Its name below relay.executors (`claude.maxTurns`); empty where all of them have another shape. */
  readonly setting: string;
  readonly why: string;
  /** Whether it was to narrow what executors may do: without it, they may more than somebody meant. */
  readonly restricts: boolean;
}

const RESTRICTING: ReadonlySet<string> = new Set([
  'codex',
  'claude',
  'codex.sandbox',
  'claude.sandbox',
  'permissions',
  'threads',
]);
/** Of these, each value is a setting, as each agent of `acp` is. */
const GROUPS: ReadonlySet<PropertyKey | undefined> = new Set(['codex', 'claude', 'acp']);

/** Each setting by itself: its default is in the place of one that is wrong, and the others stay. Pure and total. */
export function settingsOf(raw: unknown): {
  readonly settings: ExecutorSettings;
  readonly problems: readonly SettingsProblem[];
} {
  const problems = new Map<string, SettingsProblem>();
  let left = Texts.safeParse(raw === undefined ? {} : raw).data;
  while (left !== undefined) {
    const parsed = ExecutorSettings.safeParse(left);
    if (parsed.success) return { settings: parsed.data, problems: [...problems.values()] };
    for (const { path, why } of parsed.error.issues.flatMap(wrongSettings)) {
      const setting = path.join('.');
      if (!problems.has(setting)) problems.set(setting, { setting, why, restricts: RESTRICTING.has(setting) });
      left = without(left, path);
    }
  }
  const why = 'they are no object';
  return { settings: defaultExecutorSettings, problems: [{ setting: '', why, restricts: true }] };
}

const Texts = z.record(z.string(), z.unknown());

/** Where in the settings an issue is: the setting's own path, of one name or two. */
function wrongSettings(issue: z.core.$ZodIssue): readonly { readonly path: readonly string[]; readonly why: string }[] {
  const at = (path: readonly PropertyKey[]): readonly string[] =>
    path.slice(0, GROUPS.has(path[0]) ? 2 : 1).map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: at(issue.path), why: issue.message }];
  return issue.keys.map((key) => ({ path: at([...issue.path, key]), why: `there is no setting "${key}"` }));
}

function without(all: Readonly<Record<string, unknown>>, [name, ...rest]: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => {
      if (key !== name) return [[key, value]];
      const below = rest.length === 0 ? undefined : Texts.safeParse(value).data;
      return below === undefined ? [] : [[key, without(below, rest)]];
    }),
  );
}
