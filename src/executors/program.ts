import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { RecordedRun } from '../domain/cassette.ts';
import type { ExecutionContext, Playback } from '../domain/executor.ts';
import type { SpawnError } from '../process/launch.ts';
import { MARK } from '../process/mark.ts';
import { Tail } from '../process/output.ts';
import { runTree } from '../process/runTree.ts';
import type { Ending } from '../process/spawn.ts';
import { Intake } from './intake.ts';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** More than the attempt's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The prompt: never in argv, which others can read and which has a limit. Or what talks to the program by its stdin. */
  readonly stdin: string | ((pipe: Writable) => void);
  /** Each line of stdout; of those that are no JSON, the first few MiB. */
  readonly onLine: (text: string) => void;
  /** Ends the program beside the attempt's own signal. */
  readonly signal?: AbortSignal;
}

export interface ProgramExit {
  readonly ending: Ending;
  /** The last 4 KiB, for a message. */
  readonly stderr: string;
}

/** How a program ended, as a recording tells it. */
function exitOf(ending: Ending): RecordedRun['exit'] {
  if (ending.kind === 'exited') return { kind: 'exited', exitCode: ending.exitCode };
  return { kind: 'signaled', signal: ending.kind === 'signaled' ? ending.signal : 'SIGTERM' };
}

const TAIL_BYTES = 4096;

/**
 * The one way in which an executor runs a program: in the slot, with the attempt's environment and mark. Both streams are
 * kept as they come, stderr is a part of the log, and the whole process tree is gone when this resolves.
 */
export async function runProgram(
  { file, args, env, stdin, onLine, signal }: Program,
  context: ExecutionContext,
  clock: Clock,
): Promise<Result<ProgramExit, SpawnError>> {
  const { directory, onLog, onRaw } = context;
  const say = (text: string): void => onLog({ stream: 'relay', text });
  const stdout = new Intake({
    stream: 'stdout',
    hasJson: true,
    onLine: (text) => {
      onRaw({ stream: 'stdout', text });
      onLine(text);
    },
    say,
  });
  const stderr = new Intake({
    stream: 'stderr',
    hasJson: false,
    onLine: (text) => {
      onRaw({ stream: 'stderr', text });
      onLog({ stream: 'stderr', text });
    },
    say,
  });
  const tail = new Tail(TAIL_BYTES);
  if (context.playback !== undefined) return played(context.playback, { stdout, stderr, tail }, context);
  const done = await runTree(
    {
      file,
      args,
      cwd: directory,
      env: { ...context.env, ...env },
      mark: context.env[MARK] ?? '',
      stdin,
      signal: signal === undefined ? context.signal : AbortSignal.any([context.signal, signal]),
      onStdout: (chunk, flow) => stdout.take(chunk, flow),
      onStderr: (chunk, flow) => {
        tail.take(chunk);
        stderr.take(chunk, flow);
      },
    },
    clock,
  );
  if (!done.ok) return done;
  await Promise.all([stdout.end(), stderr.end()]);
  const { ending, survivors } = done.value;
  onRaw({ exit: exitOf(ending) });
  if (survivors.length > 0) {
    onLog({ stream: 'relay', text: `these processes could not be ended: ${survivors.join(', ')}` });
  }
  return ok({ ending, stderr: tail.bytes().toString('utf8') });
}

interface Ears {
  readonly stdout: Intake;
  readonly stderr: Intake;
  readonly tail: Tail;
}

/** The same as a program would have said, and nothing is started. */
async function played(
  playback: Playback,
  { stdout, stderr, tail }: Ears,
  { signal, onRaw }: ExecutionContext,
): Promise<Result<ProgramExit, SpawnError>> {
  const run = playback.next();
  if (run === undefined) return err({ kind: 'failed', message: 'The cassette is at its end.' });
  for (const { stream, text } of run.lines) {
    if (signal.aborted) return ok({ ending: { kind: 'aborted' }, stderr: '' });
    const bytes = Buffer.from(`${text}\n`);
    if (stream === 'stdout') stdout.takeAll(bytes);
    else {
      tail.take(bytes);
      stderr.takeAll(bytes);
    }
  }
  onRaw({ exit: run.exit });
  // As with a program, nobody hears of the end in the turn in which it began.
  await Promise.resolve();
  return ok({ ending: run.exit, stderr: tail.bytes().toString('utf8') });
}
