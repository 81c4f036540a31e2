import { err, ok, type Result } from '../../base/result.ts';
import type { ExecutorError } from '../../domain/executor.ts';
import type { ProgramExit } from '../program.ts';
import { short } from './itemLine.ts';
import { resetIn } from './reset.ts';
import type { Heard } from './transcript.ts';

export interface Asked {
  readonly form: 'edit' | 'proposal';
  /** Whether no change at all is a success. */
  readonly allowEmpty: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A run that came to its end: codex says that it did its turn, and nothing speaks against it. */
export interface Finished {
  /** What it said at last. */
  readonly message: string;
}

/** Whether a run has done its work: its exit code alone does not tell. Pure. */
export function outcomeOf(heard: Heard, exit: ProgramExit, asked: Asked): Result<Finished, ExecutorError> {
  const { ending } = exit;
  switch (ending.kind) {
    case 'aborted':
    case 'timedOut':
      return err({ kind: 'aborted' });
    case 'signaled':
      return failed(`Codex was ended by ${ending.signal} before it had finished.${said(exit)} Retry the job.`, heard);
    case 'exited':
      if (heard.failure !== undefined) return err(explain(heard.failure, asked.now));
      if (ending.exitCode !== 0) return exitedWith(ending.exitCode, heard, exit);
      return heard.completed ? turnOver(heard, asked) : broken(heard, exit);
  }
}

function exitedWith(exitCode: number, heard: Heard, exit: ProgramExit): Result<never, ExecutorError> {
  const how = `ended with exit code ${String(exitCode)}`;
  if (!heard.began && /thread\/resume/.test(exit.stderr))
    return err({ kind: 'threadGone', message: `codex could not take it up.${said(exit)}` });
  if (heard.began) return failed(`Codex ${how} and did not say why.${said(exit)} logs.txt has all of it.`, heard);
  // What it does not take, of its arguments or its configuration, it will not take at another attempt either.
  if (/unexpected argument|invalid value/.test(exit.stderr)) {
    const message = `Codex did not take the relay's arguments (it ${how}).${said(exit)} ${UPDATE}`;
    return err({ kind: 'unavailable', message });
  }
  if (/configuration|config\.toml/i.test(exit.stderr)) {
    const message = `Codex could not use its configuration (it ${how}).${said(exit)} Mend its config.toml, and retry the job.`;
    return err({ kind: 'unavailable', message });
  }
  return failed(
    `Codex ${how} before it had begun.${said(exit)} Run "codex exec hello" to see whether it works at all.`,
    heard,
  );
}

const UPDATE = 'Update it: npm install -g @openai/codex@latest.';

function broken(heard: Heard, exit: ProgramExit): Result<never, ExecutorError> {
  return failed(`Codex ended without having finished its turn.${said(exit)} Retry the job.`, heard);
}

function turnOver(heard: Heard, { form, allowEmpty }: Asked): Result<Finished, ExecutorError> {
  const { edits, sandbox, message } = heard;
  if (sandbox !== undefined) {
    const why = `Codex could not start its sandbox, so it has run and written nothing: ${short(sandbox)}`;
    return err({ kind: 'unavailable', message: `${why}. ${SANDBOX}` });
  }
  // Where no change would be a success, nothing else would tell that one was due.
  const mended = edits.mended && !allowEmpty;
  if (form === 'edit' && edits.made === 0 && edits.failed.length > 0 && !mended) {
    const why = edits.failed.map((text) => short(text)).join('; ');
    return failed(`Codex says that it is done, but none of its edits was made: ${why}. ${EDITS}`, heard);
  }
  if (form === 'proposal' && message === undefined) {
    return failed('Codex finished its turn without an answer. Retry the job, or try another model.', heard);
  }
  return ok({ message: message ?? '' });
}

const SANDBOX =
  'It needs user namespaces, which many containers forbid: allow them there, or run the job on another machine, or by another executor.';
const EDITS =
  'A patch is refused where it goes outside of the checkout or does not fit the file, and fails where the sandbox lets nothing be written; logs.txt has what was tried.';

/** What a provider or codex itself gave as the reason, as it comes to a person. */
function explain(message: string, now: number): ExecutorError {
  const told = short(message).replace(/\.$/, '');
  if (/\b401\b|unauthorized|not (?:logged|signed) in|(?:log|sign) ?(?:out|in) (?:and|again)/i.test(message)) {
    return {
      kind: 'unavailable',
      message: `Codex is not signed in, or its sign-in does not hold any more: ${told}. Sign in: codex login.`,
    };
  }
  if (/Missing environment variable/i.test(message)) {
    const remedy =
      'Let it through by its name (relay.executors.environment, or serve --env NAME), or sign in: codex login.';
    return { kind: 'unavailable', message: `Codex has no key: ${told}. ${remedy}` };
  }
  if (/quota exceeded|billing/i.test(message)) {
    return {
      kind: 'unavailable',
      message: `The account of codex has no credit left: ${told}. Add credit there, and retry the job.`,
    };
  }
  if (/usage limit|\b429\b|too many requests|rate limit/i.test(message)) {
    const until = resetIn(message, now);
    const limited = { kind: 'limited', message: `The provider of codex takes no more for now: ${told}.` } as const;
    return until === undefined ? limited : { ...limited, until };
  }
  if (/connection failed/i.test(message)) {
    const remedy = 'Look at the network, the proxy, and the base_url in its config.toml; then retry the job.';
    return { kind: 'failed', message: `The provider of codex is out of reach: ${told}. ${remedy}` };
  }
  if (/stream disconnected|stream closed/i.test(message)) {
    return {
      kind: 'failed',
      message: `The model's answer broke off: ${told}. Retry the job; where it happens again, look at the network or the provider.`,
    };
  }
  if (/high demand|\b5\d\d\b|server error/i.test(message)) {
    return { kind: 'failed', message: `The provider of codex had an error: ${told}. Retry the job later.` };
  }
  return { kind: 'failed', message: `Codex could not finish its turn: ${told}.` };
}

function failed(message: string, { usage }: Heard): Result<never, ExecutorError> {
  return err(usage === undefined ? { kind: 'failed', message } : { kind: 'failed', message, usage });
}

const LAST_LINES = 5;

function said({ stderr }: ProgramExit): string {
  const lines = stderr.trim().split('\n').slice(-LAST_LINES).join(' ');
  return lines === '' ? '' : ` It said: ${short(lines)}`;
}
