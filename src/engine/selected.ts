import { err, ok, type Result } from '../base/result.ts';
import type { Chosen } from '../domain/chosen.ts';
import type { SucceededJob } from '../domain/job.ts';
import { patchFiles, type PatchFile } from '../git/patchFiles.ts';
import { chosenIn, isAll, otherThan, selectionOf, united, type Selection } from '../git/selection.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Receipt } from './receipt.ts';

/** What of a patch is to be applied. */
export interface Selected {
  readonly patch: Buffer;
  readonly files: readonly PatchFile[];
  /** The files that change by this delivery, each with all that is applied of it afterwards. */
  readonly todo: Selection;
  /** All that is applied afterwards; missing where that is the whole patch. */
  readonly chosen?: readonly Chosen[];
}

/** What is chosen, on top of what is applied already. */
export function selected(
  { id }: SucceededJob,
  patch: Buffer,
  chosen: readonly Chosen[] | undefined,
  earlier: Receipt | undefined,
): Result<Selected, RelayError> {
  const files = patchFiles(patch);
  const wanted = selectionOf(files, chosen);
  if (!wanted.ok) return err(relayError('invalid', `${wanted.error.message} "task-relay hunks ${id}" lists them.`));
  const applied = earlier === undefined ? ok(new Map()) : selectionOf(files, earlier.chosen);
  if (!applied.ok)
    return err(relayError('internal', `The receipt of job ${id} is of another patch: ${applied.error.message}`));
  const all = united(files, applied.value, wanted.value);
  const todo = otherThan(applied.value, all);
  if (todo.size === 0)
    return err(relayError('illegal', `All of this is applied already. Choose more of job ${id}, or undo it.`));
  return ok({ patch, files, todo, ...(isAll(files, all) ? {} : { chosen: chosenIn(all) }) });
}
