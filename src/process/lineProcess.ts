import type { Writable } from 'node:stream';
import { execa } from 'execa';
import { createInterface } from 'node:readline';

/** A program to start: argv and the whole environment. */
export interface LineCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A line that it says on the way to an answer. */
  readonly noAnswer?: string;
}

type Told = (answer: string | undefined) => void;

interface Running {
  readonly stdin: Writable;
  readonly ended: Promise<unknown>;
}

/**
 * A program that answers each line on its stdin by one line on its stdout. Started when first asked, and again after it
 * died. What is asked in one turn goes out together, and equal lines of one turn are asked once.
 */
export class LineProcess {
  readonly #command: LineCommand;
  #child: Running | undefined;
  #waiting: Told[] = [];
  /** The lines that are to be asked at the end of this turn, with who waits for each. */
  #turn = new Map<string, Told[]>();

  constructor(command: LineCommand) {
    this.#command = command;
  }

  /** The answer; undefined where the program could not be started, or died before it answered. */
  ask(line: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const same = this.#turn.get(line);
      if (same !== undefined) {
        same.push(resolve);
        return;
      }
      this.#turn.set(line, [resolve]);
      // After the microtasks of this turn, so that all who are woken together ask together.
      if (this.#turn.size === 1) process.nextTick(() => this.#send());
    });
  }

  async close(): Promise<void> {
    this.#send();
    const child = this.#child;
    if (child === undefined) return;
    child.stdin.end();
    await child.ended;
  }

  #send(): void {
    if (this.#turn.size === 0) return;
    const child = this.#child ?? this.#start();
    const turn = this.#turn;
    this.#turn = new Map();
    for (const asking of turn.values()) {
      this.#waiting.push((answer) => {
        for (const tell of asking) tell(answer);
      });
    }
    child.stdin.write(`${[...turn.keys()].join('\n')}\n`);
  }

  #start(): Running {
    const { file, args, cwd, env, noAnswer } = this.#command;
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
    createInterface({ input: started.stdout }).on('line', (said) => {
      if (said !== noAnswer) this.#waiting.shift()?.(said);
    });
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
