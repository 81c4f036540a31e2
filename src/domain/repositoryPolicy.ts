import * as z from 'zod';

/** The team's word on what a patch may touch, in the repository's root. */
export const POLICY_FILE = '.task-relay.json';

/** A path, or a glob as in .gitignore but always from the root. Not negated: what is meant by a list of such is a riddle. */
export const PolicyGlob = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^!\u0000][^\u0000]*$/, 'a path or a glob that does not begin with "!" and has no NUL');

const globs = z.array(PolicyGlob).max(500);

/** Bytes of a patch (git's text is kept in memory), files in it, bytes of one file before or after. */
const PolicyLimits = z.strictObject({
  patchBytes: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .optional()
    .describe('Bytes that a patch may have.'),
  files: z.int().min(1).max(100_000).optional().describe('Files that a patch may change.'),
  fileBytes: z
    .int()
    .min(1)
    .max(1024 * 1024 * 1024)
    .optional()
    .describe('Bytes that one changed file may have, before or after.'),
});

/** `.task-relay.json`. Its JSON schema is made of this one (esbuild.mjs). */
export const PolicyFile = z
  .strictObject({
    $schema: z.string().optional(),
    protect: globs
      .optional()
      .describe('Paths or globs that no patch may touch, besides those that are protected by default.'),
    lift: globs.optional().describe('Paths or globs that patches may touch although they are protected.'),
    limits: PolicyLimits.optional().describe('How large a patch may be. The stricter of this and the settings counts.'),
  })
  .describe(
    'What patches of Task Relay may touch in this repository. A patch is judged by the file at its baseline and the one at HEAD, whichever is stricter.',
  );
export type PolicyFile = z.infer<typeof PolicyFile>;

/** The JSON schema for editors, in the dialect that they know best. */
export function policyFileSchema(): object {
  return z.toJSONSchema(PolicyFile, { target: 'draft-7', io: 'input' });
}

export type LimitName = keyof z.infer<typeof PolicyLimits>;

/** What a host's settings, or its options, say. */
export const HostPolicy = z.strictObject({ protect: globs, lift: globs, limits: PolicyLimits });
export type HostPolicy = z.infer<typeof HostPolicy>;

/** Where the host's user says nothing. */
export const noHostPolicy: HostPolicy = { protect: [], lift: [], limits: {} };

interface Limit {
  readonly most: number;
  /** Whose word it is. */
  readonly by: 'file' | 'host';
}
export type Limits = Readonly<Record<LimitName, Limit>>;

const DEFAULT_LIMITS: Readonly<Record<LimitName, number>> = {
  patchBytes: 64 * 1024 * 1024,
  files: 10_000,
  fileBytes: 50 * 1024 * 1024,
};

/** Globs that are protected by one word, and those that take some of it back. */
export interface Protection {
  readonly by: 'default' | 'policyFile' | 'file' | 'host';
  readonly globs: readonly string[];
  readonly lifted: readonly string[];
}

/** What one patch is judged by. */
export interface EffectivePolicy {
  readonly protections: readonly Protection[];
  /** The submodules that may be moved: none by default. */
  readonly movable: readonly string[];
  readonly limits: Limits;
}

/** Git runs a file of this name in a folder of hooks, which projects often keep as `hooks`. */
const GIT_HOOKS = [
  'applypatch-msg',
  'commit-msg',
  'fsmonitor-watchman',
  'post-applypatch',
  'post-checkout',
  'post-commit',
  'post-index-change',
  'post-merge',
  'post-receive',
  'post-rewrite',
  'post-update',
  'pre-applypatch',
  'pre-auto-gc',
  'pre-commit',
  'pre-merge-commit',
  'pre-push',
  'pre-rebase',
  'pre-receive',
  'prepare-commit-msg',
  'proc-receive',
  'push-to-checkout',
  'reference-transaction',
  'sendemail-validate',
  'update',
];

/**
 * What runs, or points elsewhere, as soon as somebody opens, enters, installs or commits: nobody looks at it again before.
 * In every folder, because folders are opened by themselves and packages of a monorepo have their own.
 */
export const DEFAULT_PROTECTED: readonly string[] = [
  '**/.gitmodules',
  '**/.github/workflows/**',
  '**/.vscode/tasks.json',
  '**/.vscode/settings.json',
  '**/.envrc',
  '**/.npmrc',
  '**/.husky/**',
  '**/.githooks/**',
  ...GIT_HOOKS.map((name) => `**/hooks/${name}`),
];

/**
 * The policy file at a job's baseline, and the one at HEAD of the tree that its patch is for, as one: all that either
 * protects, what both lift in the same words, and the stricter limits. Where the baseline is HEAD they are the same.
 */
export function stricterFile(baseline: PolicyFile, head: PolicyFile): PolicyFile {
  const kept = new Set(head.lift);
  const least = (name: LimitName): z.infer<typeof PolicyLimits> => {
    const said = [baseline.limits?.[name], head.limits?.[name]].filter((limit) => limit !== undefined);
    return said.length === 0 ? {} : { [name]: Math.min(...said) };
  };
  return {
    protect: [...new Set([...(baseline.protect ?? []), ...(head.protect ?? [])])],
    lift: (baseline.lift ?? []).filter((glob) => kept.has(glob)),
    limits: { ...least('patchBytes'), ...least('files'), ...least('fileBytes') },
  };
}

/**
 * The policy of one job. `file` is that of its baseline and HEAD (`stricterFile`), so that no patch loosens what it is judged by; `allowed` is what
 * a person lets this task touch.
 *
 * A lift takes from the defaults and from what the same source protects: what the file protects no setting lifts, and the
 * other way round. The policy file itself is only for a task that was allowed it. Of two limits the stricter counts.
 */
export function effectivePolicy(file: PolicyFile, host: HostPolicy, allowed: readonly string[]): EffectivePolicy {
  const { protect = [], lift = [] } = file;
  const anybodys = [...lift, ...host.lift, ...allowed];
  return {
    protections: [
      { by: 'default', globs: DEFAULT_PROTECTED, lifted: anybodys },
      { by: 'policyFile', globs: [POLICY_FILE], lifted: allowed },
      { by: 'file', globs: protect, lifted: [...lift, ...allowed] },
      { by: 'host', globs: host.protect, lifted: [...host.lift, ...allowed] },
    ],
    movable: anybodys,
    limits: {
      patchBytes: stricter('patchBytes', file, host),
      files: stricter('files', file, host),
      fileBytes: stricter('fileBytes', file, host),
    },
  };
}

function stricter(name: LimitName, file: PolicyFile, host: HostPolicy): Limit {
  const most = host.limits[name] ?? DEFAULT_LIMITS[name];
  const team = file.limits?.[name];
  return team !== undefined && team < most ? { most: team, by: 'file' } : { most, by: 'host' };
}
