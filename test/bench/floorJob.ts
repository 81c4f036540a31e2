import { appendFile, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyIndex } from '../../src/git/capture.ts';
import { proofEnvironment } from '../../src/git/environment.ts';
import { bareGit } from './bareGit.ts';
import { CHANGED_FILE } from './sampleRepository.ts';

/**
 * The git commands of a warm job's way, with its argv, environment and order, on a mirror and a slot that a relay made.
 * `overlapped`: also the refs and the slot's reset run beside the proof, as the relay lets them; else one after another,
 * but for `ls-files` and `add`.
 */
export class FloorJob {
  readonly #tree: string;
  readonly #index: string;
  readonly #baseIndex: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #commit: string;
  readonly #baseTree: string;
  #count = 0;

  /** `work`: the cache folder of a relay that has run one job of this repository and is closed. */
  constructor(work: string, repository: string) {
    const [name = ''] = readdirSync(work).filter((entry) => existsSync(join(work, entry, 'mirror.git')));
    const ground = join(work, name);
    const slot = join(ground, 'slots', '0');
    this.#tree = join(slot, 'tree');
    this.#index = join(slot, 'index');
    this.#baseIndex = join(slot, 'index.base');
    this.#env = {
      ...proofEnvironment(process.env, join(work, 'gitconfig')),
      GIT_DIR: join(ground, 'mirror.git'),
      GIT_WORK_TREE: this.#tree,
    };
    const named = (revision: string): string =>
      execFileSync('git', ['rev-parse', revision], { cwd: repository, encoding: 'utf8' }).trim();
    this.#commit = named('HEAD');
    this.#baseTree = named('HEAD^{tree}');
  }

  /** Milliseconds of the commands alone: the edit and the copies of indexes are made before. */
  async run(overlapped: boolean): Promise<number> {
    this.#count += 1;
    const before = `${this.#index}.before`;
    const scratch = `${this.#index}.scratch`;
    await rm(join(this.#tree, '.git'), { recursive: true, force: true });
    await appendFile(join(this.#tree, CHANGED_FILE), 'x\n');
    await copyIndex(this.#index, before);
    await copyIndex(this.#baseIndex, scratch);
    const onIndex = this.#git(this.#index);
    const onBefore = this.#git(before);
    const onScratch = this.#git(scratch);

    const started = performance.now();
    await Promise.all([
      onBefore(['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'], this.#tree),
      onIndex(['add', '--all'], this.#tree),
    ]);
    const result = (await onIndex(['write-tree'], this.#tree)).toString().trim();
    const steps = [() => this.#pin(onIndex, result), () => this.#prove(onScratch, result), () => this.#reset(onIndex)];
    if (overlapped) await Promise.all(steps.map((step) => step()));
    else for (const step of steps) await step();
    const took = performance.now() - started;
    await copyIndex(this.#index, this.#baseIndex);
    return took;
  }

  async #pin(git: InIndex, result: string): Promise<void> {
    const ref = `refs/relay/jobs/floor${this.#count}`;
    await git(
      ['update-ref', '--stdin'],
      '/',
      `update ${ref}/baseline ${this.#commit}\nupdate ${ref}/result ${result}\n`,
    );
  }

  async #prove(git: InIndex, result: string): Promise<void> {
    const flags = ['--full-index', '--no-renames', this.#baseTree, result];
    // What changed, and of what size, comes before git is let at the contents.
    await git(['diff-tree', '-r', '-z', '--raw', ...flags], '/');
    const patch = await git(['diff-tree', '-r', '--patch', '--binary', ...flags], '/');
    await git(['apply', '--cached', '--binary', '--whitespace=nowarn', '-'], '/', patch);
    const proven = (await git(['write-tree'], '/')).toString().trim();
    if (proven !== result) throw new Error(`the floor proved ${proven} instead of ${result}`);
  }

  async #reset(git: InIndex): Promise<void> {
    await git(['read-tree', '--reset', '-u', this.#commit], this.#tree);
    await git(['clean', '-ffdxq'], this.#tree);
  }

  #git(index: string): InIndex {
    const env = { ...this.#env, GIT_INDEX_FILE: index };
    return (args, cwd, stdin) => bareGit(args, { cwd, env, ...(stdin === undefined ? {} : { stdin }) });
  }
}

type InIndex = (args: readonly string[], cwd: string, stdin?: string | Uint8Array) => Promise<Buffer>;
