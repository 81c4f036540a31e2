import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newJobId, ObjectId } from '../../src/domain/ids.ts';
import type { Candidate } from '../../src/engine/candidate.ts';
import { headPlaceOf } from '../../src/engine/headPlace.ts';
import { Judging } from '../../src/engine/judging.ts';
import { orderPatches } from '../../src/engine/orderPlan.ts';
import { Sources } from '../../src/engine/sources.ts';
import { Vault } from '../../src/store/vault.ts';
import { must } from './bed.ts';
import { limited, ms, told, type Row } from './row.ts';
import { makeRepository } from './sampleRepository.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';
import { timed } from './timed.ts';

const FILES = 5000;
const BYTES_EACH = 4000;
const RESULTS = 100;
/** HEAD changes the same file as this many of them, and the same line of it as half of those. */
const MET = 50;
const RUNS = 7;

/** A hundred patches at ten baselines, judged again as HEAD moves: half of them by merges. */
export async function drift(): Promise<readonly Row[]> {
  return withTemporary(async (directory) => {
    const repository = join(directory, 'repository');
    makeRepository(repository, FILES, BYTES_EACH);
    const vault = new Vault(join(directory, 'vault'));
    const candidates: Candidate[] = [];
    for (let at = 0; at < RESULTS; at++) candidates.push(await result(repository, vault, at));
    const work = join(directory, 'work');
    mkdirSync(work);
    const sources = new Sources(work, process.env);
    await sources.prepare();
    try {
      return await measured(repository, sources, vault, candidates);
    } finally {
      await sources.dispose();
    }
  });
}

async function measured(
  repository: string,
  sources: Sources,
  vault: Vault,
  candidates: readonly Candidate[],
): Promise<readonly Row[]> {
  const judging = new Judging({ sources, vault });
  // The first look makes the mirror, and what an attempt would have left in it.
  await judge(judging, candidates, 'clean', RESULTS);
  const [moved, still]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    for (let at = 0; at < MET; at++) changeLine(repository, at, at % 2 === 0 ? 0 : 9, `HEAD ${run}`);
    git(repository, 'commit', '-q', '-a', '-m', 'moved');
    moved.push(await timed(() => judge(judging, candidates, 'conflict', MET / 2)));
    still.push(await timed(() => judge(judging, candidates, 'conflict', MET / 2)));
  }
  const fifty = candidates.slice(MET);
  const ground = { sources, drifts: { judging } };
  const place = await headPlaceOf(sources, repository);
  if (!place.ok) throw new Error(place.error);
  const plan = await timed(async () => orderPatches(fifty, place.value, ground, new AbortController().signal));
  return [
    limited(`drift of ${RESULTS} results, ${FILES} files, HEAD moved`, ms(median(moved)), ms(1000), 'below'),
    told('  … and HEAD did not', ms(median(still))),
    told('an order of 50 that do not meet', ms(plan)),
  ];
}

async function judge(
  judging: Judging,
  candidates: readonly Candidate[],
  state: 'clean' | 'conflict',
  count: number,
): Promise<void> {
  const { drifts } = must(await judging.judge(candidates, new AbortController().signal));
  const found = [...drifts.values()].filter((one) => one.state === state).length;
  if (found !== count) throw new Error(`${found} of ${drifts.size} are ${state}, not ${count}`);
}

/** The first line of a file of its own, and a new one; every tenth starts from a commit of its own. */
async function result(repository: string, vault: Vault, at: number): Promise<Candidate> {
  if (at % 10 === 0) {
    appendFileSync(join(repository, 'log.txt'), `${at}\n`);
    git(repository, 'add', 'log.txt');
    git(repository, 'commit', '-q', '-m', 'before');
  }
  changeLine(repository, at, 0, 'theirs');
  const added = join(`d${at}`, 'new.txt');
  writeFileSync(join(repository, added), 'new\n');
  git(repository, 'add', fileOf(at), added);
  const baseline = ObjectId.parse(git(repository, 'rev-parse', 'HEAD'));
  const resultTree = ObjectId.parse(git(repository, 'write-tree'));
  const patch = git(repository, 'diff', '--cached', '--binary', '--full-index', '--no-renames');
  git(repository, 'reset', '-q', '--hard');
  const { digest } = must(await vault.put(Buffer.from(`${patch}\n`)));
  const names = { jobId: newJobId(), title: `Task ${at}`, createdAt: at, source: repository, workspace: repository };
  return { ...names, spec: {}, baseline, resultTree, patch: digest };
}

function fileOf(at: number): string {
  return join(`d${at}`, 'f0.txt');
}

function changeLine(repository: string, at: number, line: number, text: string): void {
  const file = join(repository, fileOf(at));
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[line] = text;
  writeFileSync(file, lines.join('\n'));
}

function git(directory: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', '-c', 'core.fsync=none', '-c', 'gc.auto=0'];
  return execFileSync('git', [...who, ...args], { cwd: directory, encoding: 'utf8' }).trimEnd();
}
