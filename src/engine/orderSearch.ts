import { ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { Asked, Fitted } from './treeFitting.ts';

/** Puts patches into trees; the answers are in the order of the questions. */
export type Put = (asked: readonly Asked[]) => Promise<Result<readonly Fitted[], string>>;

/** Patches, by their places, that come one after the other into a tree, and what it is then. */
interface Sequence {
  readonly order: readonly number[];
  readonly tree: ObjectId;
}

export interface Longest extends Sequence {
  /** Whether no other order has more of them. */
  readonly isBest: boolean;
}

/** Patches whose every order is tried: 2^8 sets at most. */
const MOST_EXACT = 8;

/**
 * An order that puts the most of these patches one after the other into a tree. The first try takes them as they come; where
 * it leaves one, all orders are tried, level by level, and those that lead to the same patches in the same tree are one.
 * Of more than eight patches, the first try stands.
 */
export async function longestOrder(
  patches: readonly number[],
  tree: ObjectId,
  put: Put,
): Promise<Result<Longest, string>> {
  const straight = await asTheyCome(patches, tree, put);
  if (!straight.ok) return straight;
  if (straight.value.order.length === patches.length) return ok({ ...straight.value, isBest: true });
  if (patches.length > MOST_EXACT) return ok({ ...straight.value, isBest: false });
  const best = await allOrders(patches, tree, put);
  if (!best.ok) return best;
  const isLonger = best.value.order.length > straight.value.order.length;
  return ok({ ...(isLonger ? best.value : straight.value), isBest: true });
}

/** One that does not fit is tried again once another has come in. */
async function asTheyCome(patches: readonly number[], from: ObjectId, put: Put): Promise<Result<Sequence, string>> {
  let waiting = patches;
  const order: number[] = [];
  let tree = from;
  for (;;) {
    const left: number[] = [];
    for (const at of waiting) {
      const done = await put([{ tree, at }]);
      if (!done.ok) return done;
      const [fitted] = done.value;
      if (fitted?.kind === 'fits') {
        order.push(at);
        tree = fitted.tree;
      } else left.push(at);
    }
    if (left.length === 0 || left.length === waiting.length) return ok({ order, tree });
    waiting = left;
  }
}

async function allOrders(patches: readonly number[], from: ObjectId, put: Put): Promise<Result<Sequence, string>> {
  let level: readonly Sequence[] = [{ order: [], tree: from }];
  for (;;) {
    const steps = level.flatMap((before) =>
      patches.flatMap((at) => (before.order.includes(at) ? [] : [{ before, at, tree: before.tree }])),
    );
    const done = await put(steps);
    if (!done.ok) return done;
    const next = new Map<string, Sequence>();
    for (const [nth, { before, at }] of steps.entries()) {
      const fitted = done.value[nth];
      if (fitted?.kind !== 'fits') continue;
      const order = [...before.order, at];
      const key = `${fitted.tree} ${order.toSorted((one, other) => one - other).join(' ')}`;
      if (!next.has(key)) next.set(key, { order, tree: fitted.tree });
    }
    const [first] = level;
    if (next.size === 0) return ok(first ?? { order: [], tree: from });
    level = [...next.values()];
  }
}
