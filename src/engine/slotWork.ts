import { err, ok, type Result } from '../base/result.ts';
import { failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import { snapshot, type CaptureError, type Snapshot } from '../git/capture.ts';
import { describe, type Git } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import { leftBySetup, withoutSetup } from '../git/proof.ts';
import type { Slot } from '../git/slot.ts';
import type { AttemptShell } from './attemptShell.ts';
import type { ExecutionError } from './execution.ts';
import type { Stop } from './stop.ts';
import { withoutIncluded, type WorktreeInclude } from './worktreeInclude.ts';

/** A slot, with the mirror's git and a place for an index. */
export interface SlotPlace {
  readonly git: Git;
  readonly slot: Slot;
  readonly scratchIndex: string;
}

export interface Preparation {
  readonly baseTree: ObjectId;
  readonly include: WorktreeInclude;
  readonly setup: string | undefined;
  readonly shell: AttemptShell;
  readonly signal: AbortSignal;
  readonly stopOr: (error: ExecutionError) => Stop;
  readonly say: (text: string) => void;
}

/** What a slot held before its executor came, and what is no part of the executor's work. */
interface Prepared {
  /** The tree, where it is another than the baseline's. */
  readonly before: ObjectId | undefined;
  readonly included: ReadonlySet<BytePath>;
}

interface Work {
  readonly shot: Snapshot;
  readonly resultTree: ObjectId;
}

/** Makes a fresh slot ready for an executor: the user's files, then setup. */
export async function prepare(place: SlotPlace, preparation: Preparation): Promise<Result<Prepared, Stop>> {
  const { git, slot } = place;
  const { baseTree, include, setup, shell, signal, stopOr, say } = preparation;
  const included = await include.into(slot.root, signal);
  const setUp = await shell.setUp(setup, { directory: slot.root, signal });
  if (!setUp.ok) return err(stopOr(setUp.error));
  if (setup === undefined && included.size === 0) return ok({ before: undefined, included });
  const before = await snapshot(git, slot);
  if (!before.ok) return err(uncaptured(before.error));
  if (setup !== undefined) say(await leftBySetup(git, baseTree, before.value.tree, included));
  return ok({ before: before.value.tree, included });
}

/** What the executor has made of it since. */
export async function workIn(place: SlotPlace, { before, included }: Prepared): Promise<Result<Work, Stop>> {
  const { git, slot, scratchIndex } = place;
  const shot = await snapshot(git, slot);
  if (!shot.ok) return err(uncaptured(shot.error));
  const { tree } = shot.value;
  const without = { baseIndex: slot.baseIndex, scratchIndex, never: included };
  const result = before === undefined ? ok(tree) : await withoutSetup(git, without, before, tree);
  if (!result.ok) return err({ kind: 'failed', failure: failure('INTERNAL_ERROR', describe(result.error)) });
  return ok({ shot: withoutIncluded(shot.value, included), resultTree: result.value });
}

function uncaptured(error: CaptureError): Stop {
  return { kind: 'failed', failure: failure('BAD_ARTIFACTS', error.message) };
}
