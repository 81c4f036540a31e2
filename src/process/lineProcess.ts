import type { Writable } from 'node:stream';
import { execa } from 'execa';
import { createInterface } from 'node:readline';

/** A program to start: argv and the whole environment. */
export interface LineCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Running {
  readonly stdin: Writable;
  readonly ended: Promise<unknown>;
}

/** A program that answers each line on its stdin by one line on its stdout. Started when first asked, and again after it died. */
export class LineProcess {
  readonly #command: LineCommand;
  #child: Running | undefined;
  #waiting: ((answer: string | undefined) => void)[] = [];

  constructor(command: LineCommand) {
    this.#command = command;
  }

  /** The answer; undefined where the program could not be started, or died before it answered. */
  ask(line: string): Promise<string | undefined> {
    const child = this.#child ?? this.#start();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      child.stdin.write(`${line}\n`);
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.stdin.end();
    await child.ended;
  }

  #start(): Running {
    const { file, args, cwd, env } = this.#command;
    // Its end comes with the end of its stdin. Execa's own clean-up would listen for signals, and end this process by them.
    const options = {
      cwd,
      env,
      extendEnv: false,
      reject: false,
      buffer: false,
      cleanup: false,
      stderr: 'ignore',
    } as const;
    const started = execa(file, args, options);
    const child: Running = { stdin: started.stdin, ended: started };
    this.#child = child;
    // A write to a program that died is told by its end.
    child.stdin.on('error', () => undefined);
    createInterface({ input: started.stdout }).on('line', (answer) => this.#waiting.shift()?.(answer));
    void child.ended.then(() => this.#ended(child));
    return child;
  }

  #ended(child: Running): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(undefined);
  }
}
