import { isAbsolute, relative } from 'node:path';
import type { ClaudeEvent, Ended, ToolCall } from './events.ts';
import { ANSWER_TOOL, type Course } from './course.ts';

/** Longer texts are cut in the log; all of them are in the raw stream. */
const LONGEST = 2000;

/** What an event is to a person: the lines of the log. `course` has taken it already. Pure. */
export function linesOf(event: ClaudeEvent, course: Course, directory: string): readonly string[] {
  switch (event.kind) {
    case 'started':
      return [`session ${event.sessionId}${event.version === undefined ? '' : `, Claude Code ${event.version}`}`];
    case 'message':
      return [
        ...event.texts.map((text) => `says: ${cut(text)}`),
        ...event.calls.filter(({ tool }) => tool !== ANSWER_TOOL).map((call) => callText(call, directory)),
      ];
    case 'results':
      return event.results
        .filter(({ call, isError }) => isError && !course.isDenied(call))
        .map(({ call, text }) => `failed: ${toolOf(course, call)}${cut(plain(text))}`);
    case 'denied':
      return [`denied: ${deniedText(course.callOf(event.call) ?? bare(event.tool), directory)} (${cut(event.why)})`];
    case 'retry':
      return [
        `retry ${String(event.attempt)} of ${String(event.of)} (${String(event.status ?? event.error ?? 'no answer')})`,
      ];
    case 'limit':
      return event.isReached ? [`the provider takes no more${untilText(event.resetsAt)}`] : [];
    case 'ended':
      return [endText(event)];
    case 'other':
      return [`event: ${event.name}`];
    case 'unreadable':
      return [];
  }
}

const WORDS: Readonly<Record<string, readonly [word: string, argument: string]>> = {
  Read: ['read', 'file_path'],
  Edit: ['edit', 'file_path'],
  Write: ['write', 'file_path'],
  Glob: ['search', 'pattern'],
  Grep: ['search', 'pattern'],
  Bash: ['run', 'command'],
};

function callText(call: ToolCall, directory: string): string {
  const argument = argumentOf(call, directory);
  return `${WORDS[call.tool]?.[0] ?? call.tool}: ${argument ?? cut(JSON.stringify(call.input))}`;
}

/** A call that was denied: its tool, and on what. */
export function deniedText(call: ToolCall, directory: string): string {
  const argument = argumentOf(call, directory);
  return argument === undefined ? call.tool : `${call.tool} ${argument}`;
}

function argumentOf({ tool, input }: ToolCall, directory: string): string | undefined {
  const [, name = ''] = WORDS[tool] ?? [];
  const value = input[name];
  if (typeof value !== 'string') return undefined;
  return name === 'file_path' ? inside(value, directory) : cut(value);
}

/** As it is named in the repository. */
function inside(path: string, directory: string): string {
  if (!isAbsolute(path)) return path;
  const within = relative(directory, path);
  return within.startsWith('..') || isAbsolute(within) ? path : within;
}

function bare(tool: string): ToolCall {
  return { id: '', tool, input: {} };
}

function toolOf(course: Course, id: string): string {
  const call = course.callOf(id);
  return call === undefined ? '' : `${call.tool}: `;
}

function plain(text: string): string {
  return text.replace(/<\/?tool_use_error>/g, '');
}

function endText({ subtype, isError, turns, costUsd }: Ended): string {
  const figures = [
    ...(turns === undefined ? [] : [`${String(turns)} turns`]),
    ...(costUsd === undefined ? [] : [`$${costUsd.toFixed(4)}`]),
  ];
  // A provider that refused is told as a success too.
  const word = isError && subtype === 'success' ? 'error' : subtype;
  return `ended: ${[word, ...figures].join(', ')}`;
}

function untilText(resetsAt: number | undefined): string {
  return resetsAt === undefined ? '' : ` until ${new Date(resetsAt).toISOString()}`;
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
