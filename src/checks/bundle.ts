import type { FileChange } from '../domain/artifact.ts';
import { failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import { parsePatch } from '../git/patch.ts';
import { failed, passed, type Finding } from './finding.ts';

/** What an attempt made, as git tells it: the object of every check. */
export interface Bundle {
  readonly spec: JobSpec;
  readonly baseTree: ObjectId;
  readonly resultTree: ObjectId;
  readonly patch: Buffer;
  readonly files: readonly FileChange[];
  /** Ignored outputs: in no patch, but told. */
  readonly ignored: readonly string[];
  /** Changed paths under a filter whose driver the relay does not have, as `path (filter=name)`. */
  readonly filtered: readonly string[];
}

/** A patch is there where one was due, is well formed, and carries all that was made. */
export function checkBundle(bundle: Bundle): Finding {
  if (bundle.files.length === 0) {
    return bundle.spec.allowEmpty === true
      ? passed('Nothing was changed, and the task allows that.')
      : failed(failure('BAD_ARTIFACTS', 'The executor changed nothing. If that is a success, submit with allowEmpty.'));
  }
  if (bundle.filtered.length > 0) {
    return failed(
      failure(
        'BAD_ARTIFACTS',
        `A patch cannot carry files under a filter that the relay does not run: ${bundle.filtered.slice(0, 5).join(', ')}.`,
      ),
    );
  }
  const parsed = parsePatch(bundle.patch);
  if (!parsed.ok) return failed(failure('BAD_ARTIFACTS', parsed.error.message));
  if (parsed.value.length < bundle.files.length) {
    const missing = `patch.diff has ${String(parsed.value.length)} files of ${String(bundle.files.length)}`;
    return failed(failure('BAD_ARTIFACTS', `${missing}: git could not write them all.`));
  }
  const ignored =
    bundle.ignored.length === 0 ? '' : `; ignored and left out: ${bundle.ignored.slice(0, 20).join(', ')}`;
  return passed(`${String(bundle.files.length)} files, ${String(bundle.patch.byteLength)} bytes${ignored}`);
}
