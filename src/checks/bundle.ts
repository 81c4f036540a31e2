import { never } from '../base/result.ts';
import type { FileChange } from '../domain/artifact.ts';
import { failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import { POLICY_FILE, type EffectivePolicy, type LimitName, type Limits } from '../domain/repositoryPolicy.ts';
import type { Excess } from '../git/difference.ts';
import { parsePatch } from '../git/patch.ts';
import { shown, type BytePath } from '../git/path.ts';
import { failed, passed, type Finding } from './finding.ts';

/** What an attempt made, as git tells it: the object of every check. */
export interface Bundle {
  readonly spec: JobSpec;
  readonly baseTree: ObjectId;
  readonly resultTree: ObjectId;
  /** Nothing where `excess` says why. */
  readonly patch: Buffer;
  readonly files: readonly FileChange[];
  /** The paths of `files`, in the same order, as git has them. */
  readonly paths: readonly BytePath[];
  /** What is past a limit. */
  readonly excess?: Excess;
  /** What the patch may touch, and how large it may be. */
  readonly policy: EffectivePolicy;
  /** Ignored outputs: in no patch, but told. */
  readonly ignored: readonly string[];
  /** Changed paths under a filter whose driver the relay does not have, as `path (filter=name)`. */
  readonly filtered: readonly string[];
}

/** A patch is there where one was due, is not too large, is well formed, and carries all that was made. */
export function checkBundle(bundle: Bundle): Finding {
  if (bundle.files.length === 0) return nothing(bundle);
  if (bundle.excess !== undefined) return bad(tooMuch(bundle.excess, bundle.policy.limits));
  if (bundle.filtered.length > 0) {
    const named = bundle.filtered.slice(0, 5).join(', ');
    return bad(`A patch cannot carry files under a filter that the relay does not run: ${named}.`);
  }
  const parsed = parsePatch(bundle.patch);
  if (!parsed.ok) return bad(`${parsed.error.message}.`);
  const made = new Set(bundle.paths);
  const carried = new Set(parsed.value.map(({ path }) => path));
  const foreign = [...carried].filter((path) => !made.has(path));
  if (foreign.length > 0)
    return bad(`patch.diff touches ${quoted(foreign)}, which is no change between the baseline and the result.`);
  const missing = [...made].filter((path) => !carried.has(path));
  if (missing.length > 0) return bad(`patch.diff has no ${quoted(missing)}: git could not write them all.`);
  const ignored =
    bundle.ignored.length === 0 ? '' : `; ignored and left out: ${bundle.ignored.slice(0, 20).join(', ')}`;
  return passed(`${String(bundle.files.length)} files, ${String(bundle.patch.byteLength)} bytes${ignored}`);
}

function nothing({ spec, baseTree, resultTree }: Bundle): Finding {
  if (baseTree !== resultTree)
    return bad('The result differs from the baseline in what no patch can carry: modes that git does not keep.');
  return spec.allowEmpty === true
    ? passed('Nothing was changed, and the task allows that.')
    : bad('The executor changed nothing. If that is a success, submit with allowEmpty.');
}

function tooMuch(excess: Excess, limits: Limits): string {
  const { found } = excess;
  switch (excess.kind) {
    case 'files':
      return `The patch changes ${String(found)} files, and ${most(limits, 'files')}`;
    case 'fileBytes':
      return `"${excess.path}" has ${String(found)} bytes, and ${most(limits, 'fileBytes')}`;
    case 'allBytes':
      return `The changed files have ${String(found)} bytes together, and the limit is ${String(excess.most)}: 16 times that of a patch. ${remedy(limits, 'patchBytes')}`;
    case 'patchBytes':
      return `The patch has ${String(found)} bytes, and ${most(limits, 'patchBytes')}`;
    default:
      return never(excess);
  }
}

function most(limits: Limits, name: LimitName): string {
  return `the limit is ${String(limits[name].most)}. ${remedy(limits, name)}`;
}

const OPTIONS: Readonly<Record<LimitName, string>> = {
  patchBytes: '--max-patch',
  files: '--max-files',
  fileBytes: '--max-file',
};

function remedy(limits: Limits, name: LimitName): string {
  const where =
    limits[name].by === 'file' ? `limits.${name} in ${POLICY_FILE}` : `relay.limits.${name} (${OPTIONS[name]})`;
  return `Ask for a smaller change, or raise ${where}.`;
}

function quoted(paths: readonly BytePath[]): string {
  const more = paths.length > 5 ? ` and ${String(paths.length - 5)} more` : '';
  return `${paths
    .slice(0, 5)
    .map((path) => `"${shown(path)}"`)
    .join(', ')}${more}`;
}

function bad(message: string): Finding {
  return failed(failure('BAD_ARTIFACTS', message));
}
