import { never } from '../../base/result.ts';
import type { ExecutorError } from '../../domain/executor.ts';
import type { ProgramExit } from '../program.ts';
import { shortageIn } from '../shortage.ts';
import type { Prompted } from './answers.ts';
import type { Breach, Turn } from './conversation.ts';
import type { AcpAgent } from './presets.ts';
import type { Transcript } from './transcript.ts';

/** What is known beside the breach itself. */
export interface Circumstances {
  readonly name: string;
  readonly agent: AcpAgent;
  readonly exit: ProgramExit;
  /** The first line of stdout that was no message. */
  readonly stray: string | undefined;
  /** It was ended because it did not greet in time. */
  readonly isLate: boolean;
}

/** What a breach means for the job. */
export function explain(breach: Breach, about: Circumstances): ExecutorError {
  const { name, agent } = about;
  switch (breach.kind) {
    case 'gone':
      return about.isLate ? late(about) : failed(`The agent "${name}" ${endText(about)}${lastWords(about)}`);
    case 'version': {
      const which = `speaks version ${String(breach.version)} of the Agent Client Protocol, and the relay speaks version 1`;
      return unavailable(`The agent "${name}" ${which}. Use a version of it that speaks that one too.`);
    }
    case 'signIn':
      return unavailable(signInText(name, agent, breach));
    case 'threadGone':
      return { kind: 'threadGone', message: `the agent "${name}" did not load it: ${breach.message}` };
    case 'error':
      return errorOf(
        name,
        breach.code,
        `${breach.message}${breach.method === 'session/prompt' ? '' : ` (${breach.method})`}`,
      );
    case 'odd':
      return failed(
        `The agent "${name}" answered ${breach.method} in another shape than the protocol's: ${breach.message}`,
      );
    case 'notOffered': {
      const ids = breach.offers.map(({ id }) => id).join(', ');
      const has = ids === '' ? `it offers no choice of a ${breach.what}` : `it offers: ${ids}`;
      return unavailable(
        `The agent "${name}" has no ${breach.what} "${breach.wanted}" (${has}). ${remedyFor(breach.what)}`,
      );
    }
    default:
      return never(breach);
  }
}

function remedyFor(what: 'mode' | 'model'): string {
  return what === 'mode'
    ? 'Set another in the settings of executors.'
    : 'Set another in execution.preferredModel or in the settings of executors, or leave it out.';
}

/** What is wrong with a turn that ended in good order; undefined where it did its work. */
export function wrongWith({ prompted }: Turn, transcript: Transcript, name: string): ExecutorError | undefined {
  const said = transcript.lastMessage.slice(-SHOWN_WORDS);
  const words = said === '' ? '' : ` It said: ${said}`;
  switch (prompted.stopReason) {
    case 'end_turn':
      if (!isUnanswered(prompted, transcript)) return undefined;
      return said === ''
        ? failed(`The agent "${name}" ended its turn without a word and without any work: its model did not answer.`)
        : errorOf(name, 0, said);
    case 'max_tokens':
      return failed(
        `The agent "${name}" came to the most tokens that its model may give. Ask for less in one task.${words}`,
      );
    case 'max_turn_requests':
      return failed(`The agent "${name}" came to the most requests of one turn. Ask for less in one task.${words}`);
    case 'refusal':
      return failed(`The model of the agent "${name}" refuses this task.${words}`);
    case 'cancelled':
      return failed(`The agent "${name}" gave its turn up, and nobody had canceled it.${words}`);
    default:
      return failed(
        `The agent "${name}" ended its turn for a reason that is not known here: ${prompted.stopReason}.${words}`,
      );
  }
}

export function flooded(name: string): ExecutorError {
  return failed(
    `The agent "${name}" asks for more than it reads or than is answered, and was ended before it fills the memory. ` +
      'Retry the job; where it happens again, tell those who make the agent.',
  );
}

const MOST_NAMED = 5;

/** The protocol has no sandbox, so that this is only seen afterwards. */
export function wrote(name: string, paths: readonly string[]): ExecutorError {
  const more = paths.length > MOST_NAMED ? `, and ${String(paths.length - MOST_NAMED)} more` : '';
  return failed(
    `The agent "${name}" wrote in the checkout, though the task may only read: ${paths.slice(0, MOST_NAMED).join(', ')}${more}. ` +
      'Name an executor with a sandbox, or leave execution.sandbox out.',
  );
}

/** codex-acp 2.6.0 ends its turn in good order where its model could not be asked, with usage null. */
function isUnanswered({ usage }: Prompted, transcript: Transcript): boolean {
  return (usage === null || transcript.lastMessage === '') && !transcript.hasActed;
}

/** JSON-RPC has no codes for what a provider says: Gemini takes those of HTTP, the others write it into the text. */
const DENIED = /\b40[13]\b|unauthori[sz]ed|authentication|not logged in|invalid (?:api )?key|api key/i;

function errorOf(name: string, code: number, message: string): ExecutorError {
  const told = `The agent "${name}" could not go on: ${message.slice(0, SHOWN_WORDS)}`;
  const shortage = shortageIn(message) ?? (code === 429 ? 'rate' : undefined);
  switch (shortage) {
    case 'rate':
      return { kind: 'limited', message: told };
    case 'unpaid':
      return unavailable(`${told} Its provider wants to be paid first: add credit there, and retry the job.`);
    case 'disk':
      return failed(`${told} Make room on the disk, and retry the job.`);
    case undefined:
      break;
    default:
      return never(shortage);
  }
  if (code === 401 || code === 403 || DENIED.test(message))
    return unavailable(`${told} Sign in to it, or give it a key that is valid.`);
  return failed(told);
}

function signInText(
  name: string,
  { auth, known }: AcpAgent,
  { methods, message }: Extract<Breach, { kind: 'signIn' }>,
): string {
  const why = message === '' ? '' : ` It said: ${message}${/[.!?]$/.test(message) ? '' : '.'}`;
  const offered = methods.map(({ id, name: title }) => `${id} (${title})`).join(', ');
  const tried = auth === undefined ? '' : ` The method "${auth}" did not do.`;
  const ways = offered === '' ? '' : ` It offers these methods for "auth" in the settings of executors: ${offered}.`;
  const remedy = known === undefined ? 'Sign in with the program itself' : `To sign in, ${known.signIn}`;
  return `The agent "${name}" asks for a sign-in.${why}${tried} ${remedy}.${ways}`;
}

function late(about: Circumstances): ExecutorError {
  return failed(
    `The agent "${about.name}" did not answer in the Agent Client Protocol. Is ${commandText(about.agent)} right?${lastWords(about)}`,
  );
}

function endText({ exit: { ending } }: Circumstances): string {
  switch (ending.kind) {
    case 'exited':
      return `ended before its turn did, with exit code ${String(ending.exitCode)}.`;
    case 'signaled':
      return `was ended by ${ending.signal} before its turn was over.`;
    case 'aborted':
    case 'timedOut':
      return 'closed its side of the conversation before its turn was over.';
    default:
      return never(ending);
  }
}

/** How much of what it said a message repeats; all of it is in the log. */
const SHOWN_WORDS = 1000;
const LAST_LINES = 5;

function lastWords({ exit, stray }: Circumstances): string {
  const lines = exit.stderr.trim().split('\n').slice(-LAST_LINES).join('\n').slice(-SHOWN_WORDS);
  const words = lines === '' ? (stray ?? '').slice(0, SHOWN_WORDS) : lines;
  return words === '' ? '' : ` It said: ${words}`;
}

function commandText({ command }: AcpAgent): string {
  return `"${command.join(' ')}"`;
}

function failed(message: string): ExecutorError {
  return { kind: 'failed', message };
}

export function unavailable(message: string): ExecutorError {
  return { kind: 'unavailable', message };
}
