import { never } from '../base/result.ts';
import type { GateEnd, GateGround, GatePlace, GateRun, On } from '../checks/gateRun.ts';
import { howEnded } from '../checks/gateText.ts';
import type { Redactor } from '../checks/redactor.ts';
import { reportsAfter, reportsBefore } from '../checks/reportFiles.ts';
import { LONGEST_REPORT, readPrinted, type TestReport } from '../checks/testReport.ts';
import type { Stored } from '../domain/artifact.ts';
import type { ObjectId } from '../domain/ids.ts';
import { defaults, type Gate } from '../domain/jobSpec.ts';
import type { Claim, Slots } from '../git/slots.ts';
import { Head } from '../process/output.ts';
import type { ShellExit } from '../process/shell.ts';
import type { Vault } from '../store/vault.ts';
import { textOf, type AttemptShell } from './attemptShell.ts';
import { GateOutput } from './gateOutput.ts';
import type { WorktreeInclude } from './worktreeInclude.ts';

export interface GateGroundOptions {
  readonly slots: Slots;
  /** Resolves when the slot of the executor is back: a pool of one has no other. */
  readonly returned: Promise<void>;
  readonly baseline: ObjectId;
  readonly resultTree: ObjectId;
  /** Files of the user's that go into each slot before setup. */
  readonly include: WorktreeInclude;
  readonly setup: string | undefined;
  /** Seconds that setup may take each time: what the attempt itself had for it and for the executor. */
  readonly setupTimeoutS: number;
  readonly shell: AttemptShell;
  /** Where the outputs are kept; nowhere where nobody is to read them. */
  readonly vault: Vault | undefined;
  /** Where the outputs grow, as the beginning of a path: not in the attempt's temporary folder, which gates may empty. */
  readonly outputs: string;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Where the gates of one attempt run: each run in a slot that is as fresh from a clone, after setup. */
export function gateGround(options: GateGroundOptions): GateGround {
  let opened = 0;
  return {
    async open(gate) {
      await options.returned;
      opened += 1;
      // By number: a gate's name is the task's, and may be anything.
      return new Place(gate, options, await GateOutput.create(`${options.outputs}-${String(opened)}.txt`));
    },
  };
}

class Place implements GatePlace {
  readonly #gate: Gate;
  readonly #options: GateGroundOptions;
  readonly #output: GateOutput;

  constructor(gate: Gate, options: GateGroundOptions, output: GateOutput) {
    this.#gate = gate;
    this.#options = options;
    this.#output = output;
  }

  async run(on: On, isRepeated: boolean): Promise<GateRun> {
    const where = isRepeated ? `on the ${on}, repeated` : `on the ${on}`;
    this.#output.begin(`=== ${where}\n$ ${this.#gate.run}`);
    this.#options.say(`check ${this.#gate.name} ${where}: ${this.#gate.run}`);
    const run = await this.#inSlot(on);
    this.#output.end(howEnded(run));
    return run;
  }

  printed(): Promise<Buffer> {
    return this.#output.printed();
  }

  async keep(redactor: Redactor): Promise<Stored | undefined> {
    const { vault, signal } = this.#options;
    if (vault === undefined || signal.aborted) {
      await this.#output.discard();
      return undefined;
    }
    const stored = await this.#output.keep(vault, redactor);
    if (stored === undefined) this.#options.say(`the output of check ${this.#gate.name} could not be kept`);
    return stored;
  }

  async #inSlot(on: On): Promise<GateRun> {
    const { slots, baseline, signal } = this.#options;
    if (signal.aborted) return without({ kind: 'stopped' });
    const claimed = await slots.claim(baseline);
    if (!claimed.ok) return without({ kind: 'unready', by: 'relay', why: claimed.error.message, isFinal: true });
    try {
      return (await this.#makeReady(on, claimed.value)) ?? (await this.#runIn(claimed.value.slot.root));
    } finally {
      await claimed.value.release();
    }
  }

  /** What keeps the slot from being ready, if anything does. */
  async #makeReady(on: On, { slot }: Claim): Promise<GateRun | undefined> {
    const { resultTree, include, setup, setupTimeoutS, shell, signal } = this.#options;
    if (on === 'result') {
      const shown = await slot.show(resultTree);
      if (!shown.ok) return without({ kind: 'unready', by: 'relay', why: shown.error.message, isFinal: true });
    }
    await include.into(slot.root, signal);
    const take = (_stream: string, chunk: Buffer): void => this.#output.take(chunk);
    const timeoutMs = setupTimeoutS * 1000;
    const ready = await shell.setUp(setup, { directory: slot.root, signal, timeoutMs, onOutput: take });
    if (ready.ok) return undefined;
    if (ready.error.kind === 'aborted') return without({ kind: 'stopped' });
    const { message: why, isLate: isFinal } = ready.error;
    return without({ kind: 'unready', by: 'setup', why, isFinal });
  }

  async #runIn(root: string): Promise<GateRun> {
    const { run: line, report, timeoutS = defaults.gateTimeoutS } = this.#gate;
    const before = report === undefined ? undefined : await reportsBefore(root, report);
    const stdout = new Head(LONGEST_REPORT);
    const done = await this.#options.shell.run(line, {
      directory: root,
      signal: this.#options.signal,
      timeoutMs: timeoutS * 1000,
      onOutput: (stream, chunk) => {
        this.#output.take(chunk);
        if (stream === 'stdout' && report === undefined) stdout.take(chunk);
      },
    });
    if (!done.ok) return without({ kind: 'unready', by: 'relay', why: done.error.message, isFinal: true });
    const told: TestReport =
      report === undefined || before === undefined
        ? await readPrinted(stdout.bytes(), !stdout.truncated)
        : await reportsAfter(root, report, before);
    return { end: endOf(done.value, timeoutS), tail: textOf(done.value), report: told };
  }
}

function without(end: GateEnd): GateRun {
  return { end, tail: '', report: { kind: 'none' } };
}

function endOf(exit: ShellExit, seconds: number): GateEnd {
  switch (exit.kind) {
    case 'exited':
      return { kind: 'exited', exitCode: exit.exitCode };
    case 'signaled':
      return { kind: 'signaled', signal: exit.signal };
    case 'timedOut':
      return { kind: 'late', seconds };
    case 'aborted':
      return { kind: 'stopped' };
    default:
      return never(exit);
  }
}
