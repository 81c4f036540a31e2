import type { Clock } from '../base/clock.ts';
import { err, type Result } from '../base/result.ts';
import type { ExecutionContext, ExecutorError } from '../domain/executor.ts';

/** How long a run may still take to end once it was told to; after that it is not waited for. */
const GRACE_MS = 2000;

type Outcome<T> = Result<T, ExecutorError>;

/** What a run of somebody else's code comes to: a little after the signal it is not waited for, whatever it does. */
export async function orStopped<T>(run: Promise<Outcome<T>>, signal: AbortSignal, clock: Clock): Promise<Outcome<T>> {
  let stop: () => void = () => undefined;
  const stopped = new Promise<Outcome<T>>((resolve) => {
    stop = () => void clock.after(GRACE_MS, () => resolve(err({ kind: 'aborted' })));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const done = await Promise.race([run, stopped]);
    return signal.aborted ? err({ kind: 'aborted' }) : done;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The same for a run that has the whole context: once it is over, nothing of it is heard and nobody is asked. */
export async function runUntilStopped<T>(
  run: (heard: ExecutionContext) => Promise<Outcome<T>>,
  context: ExecutionContext,
  clock: Clock,
): Promise<Outcome<T>> {
  let isOver = false;
  const heard: ExecutionContext = {
    ...context,
    onLog: (event) => {
      if (!isOver) context.onLog(event);
    },
    onRaw: (line) => {
      if (!isOver) context.onRaw(line);
    },
    onUsage: (usage) => {
      if (!isOver) context.onUsage(usage);
    },
    ask: (question) => (isOver ? Promise.resolve(question.fallback) : context.ask(question)),
  };
  try {
    return await orStopped(run(heard), context.signal, clock);
  } finally {
    isOver = true;
  }
}
