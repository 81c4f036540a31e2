import { err, ok, type Result } from '../base/result.ts';
import type { JobId, ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import { MOST_PLANNED, type ApplyOrder, type Drift, type PlanInput } from '../protocol/drift.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { JobStore } from '../store/jobStore.ts';
import { orderOf, type Left, type Ordered } from './applyOrder.ts';
import { candidateOf, type Candidate } from './candidate.ts';
import type { Drifts } from './drift.ts';
import { headPlaceOf, type HeadPlace } from './headPlace.ts';
import { namedPaths, openScratch } from './judging.ts';
import type { Sources } from './sources.ts';
import type { PatchCase } from './treeFitting.ts';

export interface PlanGround {
  readonly store: JobStore;
  readonly sources: Sources;
  readonly drifts: Drifts;
}

type Answer<T> = Promise<Result<T, RelayError>>;

/** The patches that are meant, the oldest first: of equally good orders, theirs. */
interface Meant {
  readonly candidates: readonly Candidate[];
  readonly workspace: string;
  readonly omitted: number;
}

/** Which patches fit together, and an order that applies the most of them. Nothing of the user's is touched. */
export function planOrder(input: PlanInput, ground: PlanGround): Answer<ApplyOrder> {
  return ground.drifts.during((signal) => plan(input, ground, signal));
}

async function plan(input: PlanInput, ground: PlanGround, signal: AbortSignal): Answer<ApplyOrder> {
  const meant = input.jobIds === undefined ? await allMeant(input, ground) : await named(input.jobIds, ground);
  if (!meant.ok) return meant;
  const { candidates, workspace, omitted } = meant.value;
  const judged = await ground.drifts.judge(candidates);
  if (!judged.ok) return err(relayError('blocked', `No order can be told: ${judged.error}.`));
  const { drifts, untold } = judged.value;
  // What is told of each, and the order, are of one HEAD.
  const place =
    judged.value.place === undefined ? await headPlaceOf(ground.sources, workspace) : ok(judged.value.place);
  if (!place.ok) return err(relayError('blocked', `No order can be told: ${place.error}.`));
  const told = candidates.filter(({ jobId }) => drifts.has(jobId));
  const ordered = await orderPatches(told, place.value, ground, signal);
  if (!ordered.ok) return ordered;
  const { head, result } = ordered.value;
  const jobs = told.flatMap(({ jobId, title }) => {
    const drift = drifts.get(jobId);
    return drift === undefined ? [] : [{ jobId, title, drift: drift satisfies Drift }];
  });
  const unknown = [...untold].map(([jobId, why]) => ({
    jobId,
    paths: [],
    because: `How it stands is not known: ${why}.`,
  }));
  return ok({ head, jobs, ...inWords(result, told), ...leftOf(result, told, unknown), isBest: result.isBest, omitted });
}

async function allMeant({ workspace: asked }: PlanInput, { drifts }: PlanGround): Answer<Meant> {
  const all = await drifts.candidates();
  const workspace = asked ?? all[0]?.workspace;
  if (workspace === undefined)
    return err(relayError('notFound', 'No proven patch waits to be applied. "task-relay jobs" lists what there is.'));
  const mine = all.filter((candidate) => candidate.workspace === workspace);
  const candidates = mine.slice(0, MOST_PLANNED).reverse();
  return ok({ candidates, workspace, omitted: mine.length - candidates.length });
}

async function named(jobIds: readonly JobId[], { store }: PlanGround): Answer<Meant> {
  const candidates: Candidate[] = [];
  for (const jobId of new Set(jobIds)) {
    const job = await store.get(jobId);
    if (!job.ok) return err(relayError(job.error.kind, job.error.message));
    const candidate = candidateOf(job.value);
    if (candidate === undefined) {
      const why = `Job ${jobId} has no proven patch that is still to be applied: leave it out.`;
      return err(relayError('illegal', why));
    }
    candidates.push(candidate);
  }
  const [workspace = '', other] = new Set(candidates.map((candidate) => candidate.workspace));
  if (other !== undefined) {
    const why = `The jobs are for different working trees ("${workspace}", "${other}"): plan those of one at a time.`;
    return err(relayError('invalid', why));
  }
  return ok({ candidates: candidates.sort((one, two) => one.createdAt - two.createdAt), workspace, omitted: 0 });
}

/** Of patches of one working tree, into its HEAD. */
export async function orderPatches(
  candidates: readonly Candidate[],
  { head, tree }: HeadPlace,
  { sources, drifts }: { readonly sources: Sources; readonly drifts: Pick<Drifts, 'judging'> },
  signal: AbortSignal,
): Answer<{ readonly head: ApplyOrder['head']; readonly result: Ordered }> {
  const blocked = (why: string): Result<never, RelayError> =>
    err(relayError('blocked', `No order can be told: ${why}.`));
  if (candidates.length === 0) return ok({ head, result: { conflicts: [], order: [], left: [], isBest: true } });
  const opened = await openScratch(sources, candidates, signal);
  if (!opened.ok) return blocked(opened.error);
  const scratch = opened.value;
  try {
    const read = await scratch.readAttributes(tree);
    if (!read.ok) return blocked(describe(read.error));
    const bases = await Promise.all(candidates.map((candidate) => drifts.judging.patches.base(candidate, signal)));
    const asked: { readonly candidate: Candidate; readonly base: ObjectId }[] = [];
    for (const [at, candidate] of candidates.entries()) {
      const base = bases[at];
      if (base?.ok !== true) return blocked(base?.error ?? 'a patch cannot be read');
      asked.push({ candidate, base: base.value });
    }
    const trees = await drifts.judging.patches.read(scratch, asked);
    if (!trees.ok) return blocked(trees.error);
    const patches = trees.value.flatMap((one, at): readonly PatchCase[] => {
      const theirs = candidates[at]?.resultTree;
      return theirs === undefined ? [] : [{ ...one, theirs }];
    });
    const result = await orderOf(scratch, tree, patches, signal);
    return result.ok ? ok({ head, result: result.value }) : blocked(result.error);
  } finally {
    await scratch.dispose();
  }
}

function inWords(
  { conflicts, order: found }: Ordered,
  told: readonly Candidate[],
): Pick<ApplyOrder, 'conflicts' | 'order'> {
  return {
    order: found.flatMap((at) => told[at]?.jobId ?? []),
    conflicts: conflicts.flatMap(({ pair: [a, b], paths }) => {
      const [one, other] = [told[a], told[b]];
      if (one === undefined || other === undefined) return [];
      return [{ jobs: [one.jobId, other.jobId] as [JobId, JobId], paths: namedPaths(paths) }];
    }),
  };
}

function leftOf(
  { left, conflicts, order: found }: Ordered,
  told: readonly Candidate[],
  unknown: ApplyOrder['left'],
): Pick<ApplyOrder, 'left'> {
  const because = ({ at, why }: Left): string => {
    if (why === 'head') return 'It does not fit HEAD: both changed the same places. Rebase it, or apply it by hand.';
    if (why === 'contained') return 'HEAD has all of it already.';
    const rivals = conflicts.flatMap(({ pair }) => (pair.includes(at) ? pair.filter((one) => one !== at) : []));
    const ids = rivals.flatMap((one) => (found.includes(one) ? (told[one]?.jobId ?? []) : []));
    return ids.length === 0 ? 'It does not fit after the others.' : `It does not fit together with ${ids.join(', ')}.`;
  };
  const mine = left.flatMap((one) => {
    const jobId = told[one.at]?.jobId;
    return jobId === undefined ? [] : [{ jobId, paths: namedPaths(one.paths), because: because(one) }];
  });
  return { left: [...mine, ...unknown] };
}
