import { lstat } from 'node:fs/promises';
import { err, ok, type Result } from '../base/result.ts';
import type { JobId, ObjectId } from '../domain/ids.ts';
import { describe } from '../git/git.ts';
import { below, shown, type BytePath } from '../git/path.ts';
import type { Scratch } from '../git/scratch.ts';
import { dirtyPaths } from '../git/tree.ts';
import { withWorkingFiles } from '../git/workingTree.ts';
import { NAMED_PATHS, type Drift } from '../protocol/drift.ts';
import type { Vault } from '../store/vault.ts';
import type { Candidate } from './candidate.ts';
import { fitAll, type Fit } from './fit.ts';
import { headPlaceOf, type HeadPlace } from './headPlace.ts';
import { PatchesAsTrees, type PatchTrees } from './patchTrees.ts';
import { PathSet } from './pathSet.ts';
import type { Sources } from './sources.ts';

/** What is known of patches, and of each why nothing is. */
export interface Judged {
  /** The HEAD that they stand towards; none where nothing was asked. */
  readonly place?: HeadPlace;
  readonly drifts: ReadonlyMap<JobId, Drift>;
  readonly untold: ReadonlyMap<JobId, string>;
}

/** One patch, and the files of it that have uncommitted changes. `key`: what it was judged by. */
interface Look {
  readonly candidate: Candidate;
  readonly trees: PatchTrees;
  readonly dirty: readonly BytePath[];
  readonly key: string;
}

/** A single patch is looked for by its paths, where they are as few. */
const FEW_PATHS = 50;

/** Judges patches of one working tree by git alone; what was found stays true for the same HEAD and the same files. */
export class Judging {
  readonly patches: PatchesAsTrees;
  readonly #sources: Sources;
  readonly #fits = new Map<JobId, { readonly key: string; readonly fit: Fit }>();

  constructor(parts: { readonly sources: Sources; readonly vault: Vault }) {
    this.#sources = parts.sources;
    this.patches = new PatchesAsTrees(parts);
  }

  forget(jobId: JobId): void {
    this.patches.forget(jobId);
    this.#fits.delete(jobId);
  }

  /** The error says why nothing can be told of any of them. */
  async judge(group: readonly Candidate[], signal: AbortSignal): Promise<Result<Judged, string>> {
    const [first] = group;
    if (first === undefined) return ok({ drifts: new Map(), untold: new Map() });
    const place = await headPlaceOf(this.#sources, first.workspace);
    if (!place.ok) return place;
    const untold = new Map<JobId, string>();
    const isAlien = ({ baseline }: Candidate): boolean => baseline.length !== place.value.head.length;
    for (const { jobId } of group.filter(isAlien)) untold.set(jobId, 'its repository has another object format');
    const scratch = new ScratchOnce(this.#sources, group, signal);
    try {
      const natives = group.filter((candidate) => !isAlien(candidate));
      const looks = await this.#look(natives, place.value, scratch, untold);
      if (!looks.ok) return looks;
      const fits = await this.#fit(looks.value, place.value, scratch, untold);
      if (!fits.ok) return fits;
      const drifts = driftsOf(looks.value, fits.value, place.value, untold);
      return ok({ place: place.value, drifts, untold });
    } finally {
      await scratch.dispose();
    }
  }

  async #look(
    group: readonly Candidate[],
    { topLevel, tree }: HeadPlace,
    scratch: ScratchOnce,
    untold: Map<JobId, string>,
  ): Promise<Result<readonly Look[], string>> {
    const trees = await this.#trees(group, scratch, untold);
    if (!trees.ok) return trees;
    const dirty = await dirtyPaths(this.#sources.theirs.until(scratch.signal), topLevel, fewPaths(trees.value));
    if (!dirty.ok) return err(dirty.error.message);
    const stamps = new Map<BytePath, Promise<string>>();
    const looks = trees.value.map(async ([candidate, known]): Promise<Look> => {
      const touched = new PathSet(known.patch.map(({ path }) => path));
      const mine = [...dirty.value].filter((path) => touched.covers(path));
      const seen = await Promise.all(mine.map((path) => stampIn(stamps, topLevel, path)));
      return { candidate, trees: known, dirty: mine, key: [tree, ...seen].join('\n') };
    });
    return ok(await Promise.all(looks));
  }

  async #trees(
    group: readonly Candidate[],
    scratch: ScratchOnce,
    untold: Map<JobId, string>,
  ): Promise<Result<readonly (readonly [Candidate, PatchTrees])[], string>> {
    const known = group.flatMap((candidate) => {
      const trees = this.patches.known(candidate);
      return trees === undefined ? [] : [[candidate, trees] as const];
    });
    const unread = await this.#present(
      group.filter((candidate) => this.patches.known(candidate) === undefined),
      scratch.signal,
      untold,
    );
    if (unread.length === 0) return ok(known);
    const opened = await scratch.open();
    if (!opened.ok) return opened;
    const read = await this.patches.read(opened.value, unread);
    if (!read.ok) return read;
    const more = unread.flatMap(({ candidate }, at) => {
      const trees = read.value[at];
      return trees === undefined ? [] : [[candidate, trees] as const];
    });
    return ok([...known, ...more]);
  }

  /** Those whose objects are in their mirrors, if need be by now. */
  async #present(
    group: readonly Candidate[],
    signal: AbortSignal,
    untold: Map<JobId, string>,
  ): Promise<readonly { readonly candidate: Candidate; readonly base: ObjectId }[]> {
    const bases = await Promise.all(group.map((candidate) => this.patches.base(candidate, signal)));
    const present: { readonly candidate: Candidate; readonly base: ObjectId }[] = [];
    for (const [at, candidate] of group.entries()) {
      const base = bases[at];
      if (base?.ok === true) present.push({ candidate, base: base.value });
      else if (base !== undefined) untold.set(candidate.jobId, base.error);
    }
    return present;
  }

  async #fit(
    looks: readonly Look[],
    { topLevel, tree }: HeadPlace,
    once: ScratchOnce,
    untold: Map<JobId, string>,
  ): Promise<Result<ReadonlyMap<JobId, Fit>, string>> {
    const stale = looks.filter(({ candidate, key }) => this.#fits.get(candidate.jobId)?.key !== key);
    const present = await this.#present(
      stale.map(({ candidate }) => candidate),
      once.signal,
      untold,
    );
    const there = new Set(present.map(({ candidate }) => candidate.jobId));
    const asked = stale.filter(({ candidate }) => there.has(candidate.jobId));
    if (asked.length > 0) {
      const scratch = await once.open();
      if (!scratch.ok) return scratch;
      const workings = await this.#workings(scratch.value, asked, { topLevel, tree, signal: once.signal }, untold);
      if (!workings.ok) return workings;
      const open = asked.filter(({ candidate }) => !untold.has(candidate.jobId));
      const read = await scratch.value.readAttributes(tree);
      if (!read.ok) return err(describe(read.error));
      const cases = open.map(({ candidate, trees, dirty }) => ({
        ...trees,
        theirs: candidate.resultTree,
        ours: workings.value.get(dirty.join('\0')) ?? tree,
      }));
      const fits = await fitAll(scratch.value, cases);
      if (!fits.ok) return fits;
      for (const [at, { candidate, key }] of open.entries()) {
        const fit = fits.value[at];
        if (fit !== undefined) this.#fits.set(candidate.jobId, { key, fit });
      }
    }
    const known = looks.flatMap(({ candidate: { jobId }, key }) => {
      const found = this.#fits.get(jobId);
      return found?.key === key ? [[jobId, found.fit] as const] : [];
    });
    return ok(new Map(known));
  }

  /**
   * HEAD's tree with the uncommitted files of a patch on top, by those files; with those of no other patch, by which git
   * could take a file for moved. A file that git cannot read hides the patches that it belongs to, and no others.
   */
  async #workings(
    scratch: Scratch,
    looks: readonly Look[],
    { topLevel, tree, signal }: Omit<HeadPlace, 'head'> & { readonly signal: AbortSignal },
    untold: Map<JobId, string>,
  ): Promise<Result<ReadonlyMap<string, ObjectId>, string>> {
    const unclean = looks.filter(({ dirty }) => dirty.length > 0);
    if (unclean.length === 0) return ok(new Map());
    const sets = new Map(unclean.map(({ dirty }) => [dirty.join('\0'), dirty]));
    const theirs = this.#sources.theirs.until(signal);
    const overlays = { theirs, workspace: topLevel, tree, sets: [...sets.values()] };
    const made = await withWorkingFiles(scratch, overlays);
    if (!made.ok) return err(describe(made.error));
    const byKey = new Map([...sets.keys()].map((key, at) => [key, made.value[at]]));
    for (const { candidate, dirty } of unclean) {
      const working = byKey.get(dirty.join('\0'));
      if (working?.ok === false) untold.set(candidate.jobId, describe(working.error));
    }
    return ok(new Map([...byKey].flatMap(([key, working]) => (working?.ok === true ? [[key, working.value]] : []))));
  }
}

/** A scratch repository that is made where one is needed, and once. */
class ScratchOnce {
  /** Ends what git does in it. */
  readonly signal: AbortSignal;
  readonly #sources: Sources;
  readonly #group: readonly Candidate[];
  #opened: Result<Scratch, string> | undefined;

  constructor(sources: Sources, group: readonly Candidate[], signal: AbortSignal) {
    this.signal = signal;
    this.#sources = sources;
    this.#group = group;
  }

  async open(): Promise<Result<Scratch, string>> {
    return (this.#opened ??= await openScratch(this.#sources, this.#group, this.signal));
  }

  async dispose(): Promise<void> {
    if (this.#opened?.ok === true) await this.#opened.value.dispose();
  }
}

/** With the objects of all of them; a source that is gone takes away only its own. */
export async function openScratch(
  sources: Sources,
  group: readonly Candidate[],
  signal: AbortSignal,
): Promise<Result<Scratch, string>> {
  const sourced = new Map(group.map((candidate) => [candidate.source, candidate]));
  for (const [source, candidate] of sourced) if (!(await sources.ground(candidate)).ok) sourced.delete(source);
  const [first, ...others] = sourced.values();
  if (first === undefined) return err('no source of theirs is there any more');
  const opened = await sources.scratch(first, others);
  return opened.ok ? ok(opened.value.until(signal)) : err(opened.error.message);
}

function driftsOf(
  looks: readonly Look[],
  fits: ReadonlyMap<JobId, Fit>,
  { head }: HeadPlace,
  untold: Map<JobId, string>,
): ReadonlyMap<JobId, Drift> {
  const drifts = new Map<JobId, Drift>();
  for (const { candidate, dirty } of looks) {
    const fit = fits.get(candidate.jobId);
    if (fit === undefined) continue;
    if (fit.state === 'unknown') {
      untold.set(candidate.jobId, fit.why);
      continue;
    }
    const paths = 'paths' in fit ? namedPaths(fit.paths) : [];
    drifts.set(candidate.jobId, { state: fit.state, head, paths, dirty: dirty.map(shown) });
  }
  return drifts;
}

/** The first of them, for people. */
export function namedPaths(paths: readonly BytePath[]): string[] {
  return paths.slice(0, NAMED_PATHS).map(shown);
}

/** All paths of a single patch that has few; none where all of the tree is to be looked at. */
function fewPaths(trees: readonly (readonly [Candidate, PatchTrees])[]): readonly BytePath[] {
  const [only] = trees;
  if (trees.length !== 1 || only === undefined) return [];
  const paths = only[1].patch.map(({ path }) => path);
  return paths.length <= FEW_PATHS && paths.every((path) => /^[ -~]+$/.test(path)) ? paths : [];
}

/** A file's stamp, taken once however many patches touch it. */
function stampIn(stamps: Map<BytePath, Promise<string>>, root: string, path: BytePath): Promise<string> {
  const stamp = stamps.get(path) ?? stampOf(root, path);
  stamps.set(path, stamp);
  return stamp;
}

/** What changes when a file does. */
async function stampOf(root: string, path: BytePath): Promise<string> {
  const found = await lstat(below(root, path)).catch(() => undefined);
  if (found === undefined) return `${path} gone`;
  return [path, found.mode, found.size, found.mtimeMs, found.ctimeMs, found.ino].join(' ');
}
