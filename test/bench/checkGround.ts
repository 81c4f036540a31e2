import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import type { Bundle } from '../../src/checks/bundle.ts';
import { judge } from '../../src/checks/pipeline.ts';
import { FileChange } from '../../src/domain/artifact.ts';
import { ObjectId } from '../../src/domain/ids.ts';
import { effectivePolicy, noHostPolicy } from '../../src/domain/repositoryPolicy.ts';
import { copyIndex } from '../../src/git/capture.ts';
import { CatFile } from '../../src/git/catFile.ts';
import { writeConfigFile } from '../../src/git/configFile.ts';
import { difference } from '../../src/git/difference.ts';
import { proofEnvironment } from '../../src/git/environment.ts';
import { Git } from '../../src/git/git.ts';
import { bareGit } from './bareGit.ts';
import { must } from './bed.ts';
import { makeRepository } from './sampleRepository.ts';

/** A patch of this size passes. */
const policy = effectivePolicy({}, { ...noHostPolicy, limits: { patchBytes: 128 * 1024 * 1024 } }, []);

const noGates = {
  open: () => {
    throw new Error('the bench has no gates');
  },
};

/** A repository with a change in it, and all that the checks need. */
export class CheckGround {
  readonly #directory: string;
  readonly #git: Git;
  readonly #env: NodeJS.ProcessEnv;
  readonly bundle: Bundle;

  private constructor(directory: string, env: NodeJS.ProcessEnv, git: Git, bundle: Bundle) {
    this.#directory = directory;
    this.#env = env;
    this.#git = git;
    this.bundle = bundle;
  }

  static async make(
    directory: string,
    size: { readonly files: number; readonly bytesEach: number },
    change: (repository: string) => void,
  ): Promise<CheckGround> {
    const repository = join(directory, 'repository');
    makeRepository(repository, size.files, size.bytesEach);
    const run = (args: readonly string[], index?: string): ObjectId => {
      const env = { ...process.env, ...(index === undefined ? {} : { GIT_INDEX_FILE: join(directory, index) }) };
      return ObjectId.parse(execFileSync('git', args, { cwd: repository, env, encoding: 'utf8' }).trim() || EMPTY);
    };
    const baseTree = run(['rev-parse', 'HEAD^{tree}']);
    run(['read-tree', 'HEAD'], 'index.base');
    change(repository);
    run(['add', '--all']);
    const resultTree = run(['write-tree']);
    return CheckGround.#opened(directory, async (git) => {
      const objects = new CatFile(git, '/');
      const { patch, changes } = must(await difference({ git, objects }, baseTree, resultTree, policy.limits));
      await objects.close();
      const files = changes.map(({ file }) => file);
      return { baseTree, resultTree, patch, files, paths: changes.map(({ path }) => path) };
    });
  }

  /** The ground that another process has kept: the patch is read once, and nothing else is made of it. */
  static async again(directory: string): Promise<CheckGround> {
    const kept = Kept.parse(JSON.parse(readFileSync(join(directory, 'kept.json'), 'utf8')));
    const patch = readFileSync(join(directory, 'kept.patch'));
    return CheckGround.#opened(directory, () => ({ ...kept, patch }));
  }

  keep(): void {
    const { baseTree, resultTree, files, paths, patch } = this.bundle;
    writeFileSync(this.#path('kept.json'), JSON.stringify({ baseTree, resultTree, files, paths }));
    writeFileSync(this.#path('kept.patch'), patch);
  }

  static async #opened(directory: string, made: (git: Git) => Promise<Made> | Made): Promise<CheckGround> {
    const gitDir = join(directory, 'repository', '.git');
    const config = join(directory, 'gitconfig');
    await writeConfigFile(config, [gitDir]);
    const env = { ...proofEnvironment(process.env, config), GIT_DIR: gitDir };
    const git = new Git(env);
    const spec = { task: { title: 'a change' } };
    return new CheckGround(directory, env, git, { spec, policy, ...(await made(git)), ignored: [], filtered: [] });
  }

  /** Milliseconds of the secrets check, and of all others. */
  async checks(log: Buffer): Promise<{ readonly secrets: number; readonly others: number }> {
    // Durations are told in whole units of the clock: it counts microseconds here.
    const clock = { ...systemClock, monotonic: () => performance.now() * 1000 };
    const place = { git: this.#git, baseIndex: this.#path('index.base'), scratchIndex: this.#path('index.scratch') };
    const ground = { key: KEY, lifted: new Set<string>(), log: () => Promise.resolve(log) };
    const { checks, failure } = await judge(this.bundle, place, noGates, ground, clock);
    if (failure !== undefined) throw new Error(failure.message);
    const sum = (of: typeof checks): number => of.reduce((all, { durationMs }) => all + durationMs, 0) / 1000;
    return {
      secrets: sum(checks.filter(({ name }) => name === 'secrets')),
      others: sum(checks.filter(({ name }) => name !== 'secrets')),
    };
  }

  /** Milliseconds of the git commands alone; the index is copied before. */
  async floor(): Promise<number> {
    const scratch = this.#path('index.floor');
    await copyIndex(this.#path('index.base'), scratch);
    const env = { ...this.#env, GIT_INDEX_FILE: scratch };
    const started = performance.now();
    const stdin = this.bundle.patch;
    await bareGit(['apply', '--cached', '--binary', '--whitespace=nowarn', '-'], { cwd: '/', env, stdin });
    const tree = (await bareGit(['write-tree'], { cwd: '/', env })).toString().trim();
    const took = performance.now() - started;
    if (tree !== this.bundle.resultTree) throw new Error(`the floor made ${tree}`);
    return took;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

const Kept = z.object({
  baseTree: ObjectId,
  resultTree: ObjectId,
  files: z.array(FileChange),
  paths: z.array(z.string()),
});
type Made = Pick<Bundle, 'baseTree' | 'resultTree' | 'patch' | 'files' | 'paths'>;

const KEY = Buffer.alloc(32);
/** What a command that prints no id is read as. */
const EMPTY = '0'.repeat(40);

/** A change as people make them: a few lines in each of some files, and one new file. */
export function ordinaryChange(repository: string): void {
  for (let file = 0; file < 20; file++) appendFileSync(join(repository, `d${file}`, 'f0.txt'), sourceText(file, 1000));
  writeFileSync(join(repository, 'new.ts'), sourceText(99, 6000));
}

/** New files of source text, as many bytes in all. */
export function newFiles(repository: string, bytes: number): void {
  const each = 100_000;
  mkdirSync(join(repository, 'new'));
  for (let file = 0; file * each < bytes; file++)
    writeFileSync(join(repository, 'new', `f${file}.ts`), sourceText(file, each));
}

/** Lines that read like a program's; each text is another. */
export function sourceText(seed: number, bytes: number): string {
  const lines: string[] = [];
  for (let length = 0, line = 0; length < bytes; line++) {
    const word = createHmac('md5', String(seed)).update(String(line)).digest('hex');
    const text = `  const ${word.slice(0, 6)} = read(options.${word.slice(6, 12)}, '${word.slice(12, 20)}'); // as before`;
    lines.push(text);
    length += text.length + 1;
  }
  return `${lines.join('\n')}\n`;
}
