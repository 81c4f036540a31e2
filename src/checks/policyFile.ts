import { err, ok, type Result } from '../base/result.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import {
  effectivePolicy,
  POLICY_FILE,
  PolicyFile,
  HostPolicy,
  type EffectivePolicy,
} from '../domain/repositoryPolicy.ts';
import type { CatFile } from '../git/catFile.ts';
import { describe, type Git } from '../git/git.ts';
import { wrongInput } from '../protocol/wrongInput.ts';

/** Bytes that a policy file may have. */
const LARGEST = 1024 * 1024;

/**
 * What a patch on this baseline is judged by. The policy file is read from the baseline's tree alone: neither the slot nor
 * the result has a say. One that is wrong is a failure, because what it was meant to protect cannot be known.
 */
export async function policyAt(
  { git, objects }: { readonly git: Git; readonly objects: CatFile },
  baseTree: ObjectId,
  spec: JobSpec,
  settings: unknown,
): Promise<Result<EffectivePolicy, Failure>> {
  const host = HostPolicy.safeParse(settings);
  if (!host.success) {
    const what = `relay.policy.* and relay.limits.* cannot be used: ${wrongInput(host.error)}`;
    return err(failure('POLICY', `The settings ${what}. Correct them, then submit again.`));
  }
  const allowed = spec.scope?.allowProtected ?? [];
  const found = await objects.facts(`${baseTree}:${POLICY_FILE}`);
  if (!found.ok) {
    return found.error.kind === 'missing'
      ? ok(effectivePolicy({}, host.data, allowed))
      : err(failure('INTERNAL_ERROR', `git could not be asked for ${POLICY_FILE}. Retry the job.`));
  }
  const { id, type, bytes } = found.value;
  if (type !== 'blob') return wrong('it is a folder');
  if (bytes > LARGEST) return wrong(`it has ${String(bytes)} bytes, more than ${String(LARGEST)}`);
  const text = await git.text(['cat-file', 'blob', id], {});
  if (!text.ok) return err(failure('INTERNAL_ERROR', describe(text.error)));
  const json = parsed(text.value);
  if (json === undefined) return wrong('it is no JSON');
  const file = PolicyFile.safeParse(json.value);
  return file.success ? ok(effectivePolicy(file.data, host.data, allowed)) : wrong(wrongInput(file.error));
}

function wrong(what: string): Result<never, Failure> {
  const message = `${POLICY_FILE} at the baseline cannot be used: ${what}. Correct it and commit, then submit again.`;
  return err(failure('POLICY', message));
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text.replace(/^\ufeff/, '')) };
  } catch {
    return undefined;
  }
}
