import { readInside } from '../base/insideFile.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import { conventionPaths } from './conventionPaths.ts';

/** Bytes of one file of conventions, of one snippet, and of all together. */
export const LONGEST_CONVENTION = 32 * 1024;
export const LONGEST_SNIPPET = 16 * 1024;
export const LONGEST_GROUND = 128 * 1024;

/** How far into a file a snippet is looked for. */
const FARTHEST = 8 * 1024 * 1024;

/** Text of the repository: anybody's, and data. Its lines end with LF here, whatever they end with in the file. */
export interface Excerpt {
  readonly kind: 'text';
  readonly path: string;
  readonly text: string;
  readonly lineEnd: 'LF' | 'CRLF';
  /** There was more than may be told. */
  readonly isCut: boolean;
  /** The lines that these are and the last one asked for, counted from 1; undefined where it is the file from its start. */
  readonly lines?: { readonly from: number; readonly to: number; readonly asked: number };
}

/** What was asked for and is not told; `why` is the end of a sentence that begins with the path. */
export interface Absent {
  readonly kind: 'absent';
  readonly path: string;
  readonly why: string;
}

/** What a prompt tells of the files in a checkout. */
export interface Ground {
  readonly snippets: readonly (Excerpt | Absent)[];
  readonly conventions: readonly (Excerpt | Absent)[];
}

/**
 * Reads from a checkout what a prompt is to tell of it: the snippets that the task names, then the conventions for agents.
 * Nothing fails: what is missing or does not fit says so by its name. Formats: agents.md (AGENTS.md), the documentation of
 * Claude Code (CLAUDE.md) and of GitHub Copilot (.github/copilot-instructions.md).
 */
export async function readGround(directory: string, spec: JobSpec): Promise<Ground> {
  let left = LONGEST_GROUND;
  const take = (found: Excerpt | Absent): Excerpt | Absent => {
    const fitting = fitted(found, left);
    if (fitting.kind === 'text') left -= Buffer.byteLength(fitting.text);
    return fitting;
  };
  const snippets: (Excerpt | Absent)[] = [];
  for (const { path, from, to } of spec.context?.codeSnippets ?? [])
    snippets.push(take(await snippet(directory, path, from, to)));
  const conventions: (Excerpt | Absent)[] = [];
  const seen = new Set<string>();
  for (const path of await conventionPaths(directory, spec)) {
    const found = await convention(directory, path);
    // One file is often a link to the other, or a copy.
    if (found === undefined || (found.kind === 'text' && seen.has(found.text))) continue;
    if (found.kind === 'text') seen.add(found.text);
    conventions.push(take(found));
  }
  return { snippets, conventions };
}

async function convention(directory: string, path: string): Promise<Excerpt | Absent | undefined> {
  const read = await readInside(directory, path, LONGEST_CONVENTION);
  if (!read.ok) return read.error.kind === 'missing' ? undefined : absent(path, read.error.message);
  const { bytes, isCut } = read.value;
  const text = asText(bytes);
  if (text === undefined) return absent(path, 'is no text');
  if (text.trim() === '') return undefined;
  return excerpt(path, isCut ? wholeLines(bytes) : text, isCut);
}

async function snippet(directory: string, path: string, from: number, to: number): Promise<Excerpt | Absent> {
  if (from > to) return absent(path, `has no lines ${String(from)} to ${String(to)}: the first is behind the last`);
  const read = await readInside(directory, path, FARTHEST);
  if (!read.ok) return absent(path, read.error.message);
  const text = asText(read.value.bytes);
  if (text === undefined) return absent(path, 'is no text');
  const all = text.replace(/\n$/, '').split('\n');
  const lines = text === '' ? [] : all.slice(from - 1, to);
  if (lines.length === 0 && read.value.isCut) return absent(path, `is not read so far as to line ${String(from)}`);
  if (lines.length === 0) {
    const has = text === '' ? 'no lines' : all.length === 1 ? '1 line' : `${String(all.length)} lines`;
    return absent(path, `has ${has}, and none from ${String(from)} on`);
  }
  const told = lines.join('\n');
  const bounded = cut(told, LONGEST_SNIPPET);
  const isCut = bounded !== told || (read.value.isCut && from - 1 + lines.length >= all.length);
  const last = from + bounded.split('\n').length - 1;
  return { ...excerpt(path, bounded, isCut), lines: { from, to: last, asked: to } };
}

function excerpt(path: string, text: string, isCut: boolean): Excerpt {
  const lineEnd = /\r\n|\r$/.test(text) ? 'CRLF' : 'LF';
  return { kind: 'text', path, text: text.replace(/\r(?=\n|$)/g, ''), lineEnd, isCut };
}

function absent(path: string, why: string): Absent {
  return { kind: 'absent', path, why };
}

function fitted(found: Excerpt | Absent, left: number): Excerpt | Absent {
  if (found.kind === 'absent' || Buffer.byteLength(found.text) <= left) return found;
  const text = cut(found.text, left);
  if (text === '') return absent(found.path, 'is left out: there is too much before it');
  const { lines } = found;
  if (lines === undefined) return { ...found, text, isCut: true };
  const to = lines.from + text.split('\n').length - 1;
  return { ...found, text, isCut: true, lines: { ...lines, to } };
}

/** UTF-8 without its byte order mark; undefined where it holds a NUL, which no prompt may. */
function asText(bytes: Buffer): string | undefined {
  return bytes.includes(0) ? undefined : bytes.toString('utf8').replace(/^\ufeff/, '');
}

/** So many bytes of it at most. */
function cut(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  return bytes[most] === NEWLINE ? bytes.toString('utf8', 0, most) : wholeLines(bytes.subarray(0, most));
}

const NEWLINE = 10;

/** Whole lines where the first one is whole, else whole characters. */
function wholeLines(bytes: Buffer): string {
  const end = bytes.lastIndexOf(NEWLINE);
  const text = bytes.toString('utf8', 0, end > 0 ? end : bytes.length);
  return text.replace(/^\ufeff/, '').replace(/\ufffd$/, '');
}
