import type { Delivery, SucceededJob } from '../domain/job.ts';
import type { FileDelivery } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { NotBack } from './writing.ts';

/** Why nothing of a job can be applied, where it is. */
export function notApplicable({ id, delivery }: SucceededJob): string {
  if (delivery.state === 'applied' && delivery.branch !== undefined)
    return `Job ${id} is a commit on the branch ${delivery.branch}: a patch goes to one place at a time. Undo it first.`;
  return delivery.state === 'applied'
    ? `Job ${id} is applied already. Undo it first to apply it again.`
    : `Job ${id} is in the middle of a delivery (${delivery.state}). Restart the relay: it ends what was cut off.`;
}

export function notUndoable({ id, delivery }: SucceededJob): string {
  if (delivery.state === 'none') return `Job ${id} has not been applied: there is nothing to undo.`;
  if (delivery.state === 'undone') return `Job ${id} is undone already.`;
  return `Job ${id} is in the middle of a delivery (${delivery.state}). Restart the relay: it ends what was cut off.`;
}

export function hindrance(files: readonly FileDelivery[]): RelayError {
  const kind = files.some((file) => file.verdict === 'blocked') ? 'blocked' : 'conflict';
  const told = files.map((file) => `"${file.path}" (${file.detail ?? file.verdict})`);
  return relayError(kind, `Nothing was written. In the way: ${named(told)}.`);
}

/** A write that failed, with what became of what it had written. */
export function notWritten({ kind, message }: RelayError, back: NotBack): RelayError {
  if (back.failed.length > 0) return relayError('io', `The patch could not be written: ${message}. ${leftText(back)}`);
  const taken = `The patch could not be written, and what was written was taken back: ${message}. Try again.`;
  return relayError(kind, [taken, ...changedText(back)].join(' '));
}

export function notBroughtBack(back: NotBack): RelayError {
  return relayError('io', leftText(back));
}

/** What is to be known besides of an undo that ended. */
export function besides(back: NotBack, delivery: Delivery): string | undefined {
  const isPart = delivery.state === 'applying' && delivery.earlier !== undefined;
  const part = 'What was applied before it still is: undo again to take that back.';
  const words = [...changedText(back), ...(isPart ? [part] : [])];
  return words.length === 0 ? undefined : words.join(' ');
}

function leftText(back: NotBack): string {
  const failed = `Not brought back: ${named(back.failed)} (the log says why). Mend what hinders it, then undo again; the next start of the relay tries it as well.`;
  return [failed, ...changedText(back)].join(' ');
}

function changedText({ changed }: NotBack): readonly string[] {
  return changed.length === 0 ? [] : [`Changed meanwhile, and left as they are: ${named(changed)}.`];
}

export function notUndone(changed: readonly string[], unsaved: readonly string[]): RelayError {
  const since = `Changed since the patch was applied: ${named(changed)}. Bring them back to what was applied, or to what was there before, then undo again.`;
  const open = `Unsaved changes in an editor: ${named(unsaved)}. Save or revert them, then undo again.`;
  const words = [...(changed.length > 0 ? [since] : []), ...(unsaved.length > 0 ? [open] : [])];
  return relayError('blocked', words.join(' '));
}

function named(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${String(paths.length - 5)} more` : paths.join(', ');
}
