import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { JobView } from '../../src/protocol/jobView.ts';
import { until } from '../../src/process/waiting.ts';
import { makeRepository, removeDirectory, temporaryDirectory, type Files } from '../fixtures/repository.ts';

const LONGEST_WAIT_MS = 20_000;

// Each test starts some dozens of processes, and the machine may be busy.
vi.setConfig({ testTimeout: 90_000 });

/** What a command line came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

/** A command line that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
  /** Resolves with the first match in what it has printed so far; rejects where it ends without. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The line that `serve` begins with. */
const Listening = z.strictObject({
  event: z.literal('listening'),
  url: z.string(),
  token: z.string(),
  dataDir: z.string(),
  pid: z.int(),
});

export interface Served extends z.infer<typeof Listening> {
  readonly running: Running;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** One of the bundled programs, where not the command line. */
  readonly program?: string;
  /** What runs the command line, where not this Node alone. */
  readonly by?: readonly [file: string, ...args: string[]];
}

/** A command that waits until it is let go. */
export interface Gated {
  /** A shell line. */
  readonly wait: string;
  /** Resolves when the command has come to its gate. */
  readonly reached: Promise<void>;
  open(): void;
}

/** One test's own world: repository, cache and home are in `root`, and nothing of it is left behind. */
export class Bed {
  readonly root: string;
  readonly repo: string;
  readonly env: Readonly<Record<string, string>>;
  #gates = 0;

  constructor(files: Files = { 'a.txt': 'one\n' }) {
    this.root = temporaryDirectory();
    this.repo = makeRepository(join(this.root, 'repo'), files);
    const home = join(this.root, 'home');
    mkdirSync(home);
    this.env = { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1', XDG_CACHE_HOME: this.cache };
    onTestFinished(() => this.#remove());
  }

  get cache(): string {
    return join(this.root, 'cache');
  }

  /** Where the record is unless the command line says otherwise. */
  get record(): string {
    return join(this.repo, '.git', 'task-relay');
  }

  start(
    args: readonly string[],
    { cwd = this.repo, stdin, env = {}, by = [process.execPath], program = 'cli.cjs' }: StartOptions = {},
  ): Running {
    const [file, ...before] = by;
    const child = spawn(file, [...before, join(inject('programs'), program), ...args], {
      cwd,
      env: { ...this.env, ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(stdin);
    return watch(child);
  }

  run(args: readonly string[], options: StartOptions = {}): Promise<Ran> {
    return this.start(args, options).done;
  }

  /** Submits with --wait --json; the job as the last line tells it. */
  async job(...args: readonly string[]): Promise<JobView> {
    return lastJob(await this.run(['submit', '--title', 'A task', ...args, '--wait', '--json']));
  }

  async serve(...args: readonly string[]): Promise<Served> {
    const running = this.start(['serve', ...args]);
    const [line = ''] = await running.said(/^\{"event":.*\}$/m);
    return { ...Listening.parse(JSON.parse(line)), running };
  }

  gate(): Gated {
    const path = join(this.root, `gate-${String(++this.#gates)}`);
    return {
      wait: `touch ${path}.reached; until test -e ${path}; do sleep 0.02; done`,
      get reached() {
        return wait('the command at its gate', () => existsSync(`${path}.reached`));
      },
      open: () => writeFileSync(path, ''),
    };
  }

  /** The processes of this bed: command lines, hosts, git, and what jobs started. */
  living(): readonly number[] {
    return pidsWith(`\0XDG_CACHE_HOME=${this.cache}\0`);
  }

  /** Resolves when no process of this bed lives. */
  atRest(): Promise<void> {
    return wait('the end of all processes', () => this.living().length === 0);
  }

  async #remove(): Promise<void> {
    await wait('the end of all processes', () => {
      const living = this.living();
      for (const pid of living) kill(pid);
      return living.length === 0;
    });
    removeDirectory(this.root);
  }
}

/** Waits for what is bound to come, and says what did not. */
export async function wait(what: string, met: () => boolean | Promise<boolean>): Promise<void> {
  if (!(await until(async () => met(), LONGEST_WAIT_MS, systemClock))) throw new Error(`waited in vain for ${what}`);
}

/** The object that the last line of the output is. */
export function lastLine(ran: Ran): unknown {
  const line = ran.stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`the last line is no JSON: ${line || '(nothing)'} (exit code ${String(ran.code)}: ${ran.stderr})`);
  }
}

export function lastJob(ran: Ran): JobView {
  return JobView.parse(lastLine(ran));
}

/** What is known of a job for good: how its patch stands is judged each time, and not waited for long. */
export function lasting(job: JobView): unknown {
  return { ...job, drift: undefined };
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function watch(child: ChildProcess): Running {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const listeners = new Set<() => void>();
  const printed = (): string => Buffer.concat(stdout).toString('utf8');
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    for (const listener of listeners) listener();
  });
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const done = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const bytes = Buffer.concat(stdout);
      resolve({ code, bytes, stdout: bytes.toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') });
    });
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(printed());
        if (match === null) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      void done.then((ran) =>
        reject(new Error(`ended (${String(ran.code)}) before it said ${String(pattern)}: ${ran.stdout}${ran.stderr}`)),
      );
    });
  return { child, done, said };
}

function pidsWith(variable: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environ(pid).includes(variable));
}

/** Empty for a zombie, and for what has ended meanwhile. */
function environ(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${String(pid)}/environ`, 'latin1')}`;
  } catch {
    return '';
  }
}
