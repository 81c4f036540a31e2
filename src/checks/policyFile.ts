import { err, ok, type Result } from '../base/result.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import {
  effectivePolicy,
  POLICY_FILE,
  PolicyFile,
  HostPolicy,
  stricterFile,
  type EffectivePolicy,
} from '../domain/repositoryPolicy.ts';
import type { CatFile } from '../git/catFile.ts';
import { describe, type Git } from '../git/git.ts';
import { wrongInput } from '../protocol/wrongInput.ts';

/** Bytes that a policy file may have. */
const LARGEST = 1024 * 1024;

/** A tree that has a policy file, or none. */
export interface PolicyPlace {
  readonly git: Git;
  readonly objects: CatFile;
  /** Where git finds the repository, if not by its environment. */
  readonly cwd?: string;
  /** A tree's id, or `HEAD`. */
  readonly root: string;
}

export interface PolicyPlaces {
  readonly baseline: PolicyPlace;
  /** HEAD of the working tree that the patch is for: whoever chose the baseline chose no policy with it. */
  readonly head: PolicyPlace;
}

/**
 * What a patch on this baseline is judged by. Policy files are read from commits alone: neither the slot, nor the working
 * tree, nor the result has a say. One that is wrong is a failure, because what it was meant to protect cannot be known.
 */
export async function policyAt(
  { baseline, head }: PolicyPlaces,
  spec: JobSpec,
  settings: unknown,
): Promise<Result<EffectivePolicy, Failure>> {
  const host = HostPolicy.safeParse(settings);
  if (!host.success) {
    const what = `relay.policy.* and relay.limits.* cannot be used: ${wrongInput(host.error)}`;
    return err(failure('POLICY', `The settings ${what}. Correct them, then submit again.`));
  }
  const [atBaseline, atHead] = await Promise.all([
    fileAt(baseline, 'at the baseline'),
    fileAt(head, 'at HEAD of the working tree'),
  ]);
  if (!atBaseline.ok) return atBaseline;
  if (!atHead.ok) return atHead;
  const file = stricterFile(atBaseline.value, atHead.value);
  return ok(effectivePolicy(file, host.data, spec.scope?.allowProtected ?? []));
}

async function fileAt({ git, objects, cwd, root }: PolicyPlace, where: string): Promise<Result<PolicyFile, Failure>> {
  const found = await objects.facts(`${root}:${POLICY_FILE}`);
  if (!found.ok) {
    return found.error.kind === 'missing'
      ? ok({})
      : err(failure('INTERNAL_ERROR', `git could not be asked for ${POLICY_FILE}. Retry the job.`));
  }
  const { id, type, bytes } = found.value;
  if (type !== 'blob') return wrong(where, 'it is a folder');
  if (bytes > LARGEST) return wrong(where, `it has ${String(bytes)} bytes, more than ${String(LARGEST)}`);
  const text = await git.text(['cat-file', 'blob', id], cwd === undefined ? {} : { cwd });
  if (!text.ok) return err(failure('INTERNAL_ERROR', describe(text.error)));
  const json = parsed(text.value);
  if (json === undefined) return wrong(where, 'it is no JSON');
  const file = PolicyFile.safeParse(json.value);
  return file.success ? ok(file.data) : wrong(where, wrongInput(file.error));
}

function wrong(where: string, what: string): Result<never, Failure> {
  const message = `${POLICY_FILE} ${where} cannot be used: ${what}. Correct it and commit, then submit again.`;
  return err(failure('POLICY', message));
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\ufeff/, '')) };
  } catch {
    return undefined;
  }
}
