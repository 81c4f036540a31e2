import { err, never, ok, type Result } from '../../base/result.ts';
import type { ExecutorError, Report } from '../../domain/executor.ts';
import type { ProgramExit } from '../program.ts';
import type { Form } from '../promptForm.ts';
import { answerOf } from './answer.ts';
import type { Course } from './course.ts';
import type { Ended } from './events.ts';
import { deniedText } from './narration.ts';
import { refusalOf } from './refusal.ts';

export interface Run {
  readonly exit: ProgramExit;
  readonly course: Course;
  readonly form: Form;
  readonly directory: string;
  readonly maxTurns: number;
  readonly prompt: string;
  /** Whether it was to go on from an earlier session. */
  readonly goesOn: boolean;
}

/** What came of a run: how the program ended, and what it said of that. Its exit code alone means nothing. Pure. */
export function outcomeOf(run: Run): Result<Report, ExecutorError> {
  const { exit, course, maxTurns } = run;
  if (exit.ending.kind === 'aborted') return err({ kind: 'aborted' });
  const { end, usage, error: word, limit } = course;
  if (run.goesOn && /No conversation found|--resume/.test(exit.stderr) && (end?.turns ?? 0) === 0)
    return err({ kind: 'threadGone', message: `Claude Code could not take it up.${said(exit)}` });
  if (end === undefined) return err(withoutEnd(exit, course));
  const why = end.errors.join(' ');
  switch (end.subtype) {
    case 'success':
      return end.isError ? err(withUsage(refusalOf({ end, word, limit }), course)) : succeeded(run, end);
    case 'error_max_structured_output_retries':
      // It edited, or it proposed something else than it was asked for, which whoever carries proposals out tells it.
      return succeeded(run, end);
    case 'error_max_turns': {
      const remedy = 'Raise claude.maxTurns in the setting relay.executors, or ask for less.';
      return failed(`Claude Code was not done after ${String(maxTurns)} turns. ${remedy}`, course);
    }
    case 'error_max_budget_usd':
      return err({ kind: 'spent', message: `Claude Code stopped at its budget: ${why}.`, usage });
    default:
      return failed(`Claude Code failed (${end.subtype}): ${why === '' ? end.text : why}`, course);
  }
}

function succeeded(run: Run, end: Ended): Result<Report, ExecutorError> {
  const { exit, course, form, directory, prompt } = run;
  if (end.subtype === 'success' && !(exit.ending.kind === 'exited' && exit.ending.exitCode === 0)) {
    return failed(
      `Claude Code said that it was done, and then ended badly (${endingText(exit)}).${said(exit)}`,
      course,
    );
  }
  const denied = end.denials.map((call) => deniedText(call, directory));
  if (form === 'edit' && course.changes === 0 && course.deniedEdits.length > 0) {
    const what = [...new Set(course.deniedEdits.map((call) => deniedText(call, directory)))].join(', ');
    const remedy = 'It may change files in the checkout alone, and none of git or of tools’ own settings.';
    return failed(`Claude Code changed nothing: it was denied ${what}. ${remedy}`, course);
  }
  const answer = answerOf(end.answer, end.text);
  const notes = [...(answer.notes === undefined ? [] : [answer.notes]), ...deniedNotes(denied)].join('\n\n');
  const { sessionId, version, usage } = course;
  return ok({
    usage,
    prompt,
    ...(answer.summary === undefined ? {} : { summary: answer.summary }),
    ...(answer.testPlan === undefined ? {} : { testPlan: answer.testPlan }),
    ...(notes === '' ? {} : { notes }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(version === undefined ? {} : { version: `Claude Code ${version}` }),
    ...(form === 'proposal' ? { proposal: proposalIn(end, course) } : {}),
  });
}

function deniedNotes(denied: readonly string[]): readonly string[] {
  return denied.length === 0 ? [] : [`Denied to Claude Code: ${[...new Set(denied)].join(', ')}.`];
}

function proposalIn({ answer, text }: Ended, { lastAnswer }: Course): string {
  const structured = answer ?? lastAnswer;
  return structured === undefined ? text : JSON.stringify(structured);
}

function withoutEnd(exit: ProgramExit, course: Course): ExecutorError {
  if (/unknown option/i.test(exit.stderr)) {
    const message = `Claude Code is too old for the relay: update it by "claude update".${said(exit)}`;
    return { kind: 'unavailable', message };
  }
  if (course.limit !== undefined) {
    return refusalOf({
      end: { status: undefined, text: 'its limit is reached' },
      word: undefined,
      limit: course.limit,
    });
  }
  const message = `Claude Code ended without a result (${endingText(exit)}).${said(exit)}`;
  return { kind: 'failed', message, usage: course.usage };
}

function withUsage(error: ExecutorError, { usage }: Course): ExecutorError {
  return error.kind === 'failed' ? { ...error, usage } : error;
}

function failed(message: string, { usage }: Course): Result<never, ExecutorError> {
  return err({ kind: 'failed', message, usage });
}

function endingText({ ending }: ProgramExit): string {
  switch (ending.kind) {
    case 'exited':
      // 128 and a signal's number is how programs tell of one that they have caught.
      return ending.exitCode === 143 ? 'ended by SIGTERM' : `exit code ${String(ending.exitCode)}`;
    case 'signaled':
      return `ended by ${ending.signal}`;
    case 'timedOut':
    case 'aborted':
      return 'stopped';
    default:
      return never(ending);
  }
}

const LAST_CHARACTERS = 1000;

function said({ stderr }: ProgramExit): string {
  const last = stderr.trim().slice(-LAST_CHARACTERS);
  return last === '' ? '' : ` It said: ${last}`;
}
