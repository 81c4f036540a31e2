import { err, ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import type { BytePath } from '../git/path.ts';
import { withoutSetup, writeIndex } from '../git/proof.ts';
import type { Scratch } from '../git/scratch.ts';
import { mergeTrees } from '../git/threeWay.ts';
import { fitAll, type Fit, type FitCase } from './fit.ts';

/** What a tree becomes with a patch in it. `isThere`: it had all of it before. */
export type Fitted =
  | { readonly kind: 'fits'; readonly tree: ObjectId; readonly isThere: boolean }
  | { readonly kind: 'conflict'; readonly paths: readonly BytePath[] };

/** A patch as the trees on both sides of it, with what it changes. */
export type PatchCase = Omit<FitCase, 'ours'>;

/** A patch, by its place among all, that is to come into a tree. */
export interface Asked {
  readonly tree: ObjectId;
  readonly at: number;
}

/** Puts patches into trees, as many as are asked for at once; each question is worked at once. */
export class TreeFitting {
  readonly #scratch: Scratch;
  readonly #patches: readonly PatchCase[];
  readonly #known = new Map<string, Fitted>();

  constructor(scratch: Scratch, patches: readonly PatchCase[]) {
    this.#scratch = scratch;
    this.#patches = patches;
  }

  async put(asked: readonly Asked[]): Promise<Result<readonly Fitted[], string>> {
    const open = new Map<string, FitCase>();
    for (const one of asked) {
      const patch = this.#patches[one.at];
      if (patch !== undefined && !this.#known.has(keyOf(one))) open.set(keyOf(one), { ...patch, ours: one.tree });
    }
    const cases = [...open.values()];
    const fits = await fitAll(this.#scratch, cases);
    if (!fits.ok) return fits;
    const trees = await this.#cleanTrees(cases.filter((_one, at) => fits.value[at]?.state === 'clean'));
    if (!trees.ok) return trees;
    for (const [at, key] of [...open.keys()].entries()) {
      const [one, fit] = [cases[at], fits.value[at]];
      const fitted = one === undefined || fit === undefined ? err('git told no fit') : fittedOf(one, fit, trees.value);
      if (!fitted.ok) return fitted;
      this.#known.set(key, fitted.value);
    }
    return ok(asked.flatMap((one) => this.#known.get(keyOf(one)) ?? []));
  }

  /** Where nothing of a patch meets anything else, the tree has its files as they are, whatever git takes for moved. */
  async #cleanTrees(cases: readonly FitCase[]): Promise<Result<ReadonlyMap<FitCase, ObjectId>, string>> {
    const trees = new Map<FitCase, ObjectId>();
    for (const one of cases) if (one.base === one.ours) trees.set(one, one.theirs);
    const apart = cases.filter((one) => !trees.has(one));
    const merges = await mergeTrees(this.#scratch, apart);
    if (!merges.ok) return err(merges.error.kind === 'old' ? merges.error.message : describe(merges.error));
    for (const [at, one] of apart.entries()) {
      const merge = merges.value[at];
      const tree = merge?.kind === 'merged' ? ok(merge.tree) : await this.#laidOver(one);
      if (!tree.ok) return tree;
      trees.set(one, tree.value);
    }
    return ok(trees);
  }

  async #laidOver({ base, theirs, ours }: FitCase): Promise<Result<ObjectId, string>> {
    const { git } = this.#scratch;
    const [baseIndex, scratchIndex] = [this.#scratch.file('index-ours'), this.#scratch.file('index-laid')];
    const read = await writeIndex(git, ours, baseIndex);
    if (!read.ok) return err(describe(read.error));
    const laid = await withoutSetup(git, { baseIndex, scratchIndex, never: new Set() }, base, theirs);
    return laid.ok ? laid : err(describe(laid.error));
  }
}

function keyOf({ tree, at }: Asked): string {
  return `${tree} ${String(at)}`;
}

function fittedOf(one: FitCase, fit: Fit, trees: ReadonlyMap<FitCase, ObjectId>): Result<Fitted, string> {
  switch (fit.state) {
    case 'contained':
      return ok({ kind: 'fits', tree: one.ours, isThere: true });
    case 'conflict':
      return ok({ kind: 'conflict', paths: fit.paths });
    case 'unknown':
      return err(fit.why);
    case 'clean':
    case 'merged': {
      const tree = fit.state === 'merged' ? fit.tree : trees.get(one);
      return tree === undefined ? err('git told no tree') : ok({ kind: 'fits', tree, isThere: false });
    }
  }
}
