import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';

const Line = z.object({ stream: z.enum(['stdout', 'stderr']), text: z.string() });
const Asked = z.object({ args: z.array(z.string()), stdin: z.string(), variables: z.array(z.string()) });

const folder = resolve(import.meta.dirname, 'cassettes');

/** The lines of a recording, without its head and its end. */
export function recorded(executor: string, scenario: string): readonly z.infer<typeof Line>[] {
  const lines = readFileSync(pathOf(executor, scenario), 'utf8').trimEnd().split('\n').slice(1, -1);
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

/** A program that does what another was seen to do. */
export interface Player {
  readonly file: string;
  /** What it was started with, once it has read its prompt. */
  readonly asked: () => z.infer<typeof Asked>;
}

/**
 * An executable in `directory` that reads its prompt to the end, says what the recording says and ends as it does; one that
 * was ended by a signal waits for it. Asked for its version, it prints `version`.
 */
export function placePlayer(directory: string, executor: string, scenario: string, version: string): Player {
  return placeProgram(
    directory,
    executor,
    `const { readFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(2);
if (args[0] === '--version') console.log(${JSON.stringify(version)});
else {
  writeFileSync(${JSON.stringify(askedIn(directory))}, JSON.stringify({ args, stdin: readFileSync(0, 'utf8'), variables: Object.keys(process.env) }));
  const [, ...lines] = readFileSync(${JSON.stringify(pathOf(executor, scenario))}, 'utf8').trimEnd().split('\\n').map((line) => JSON.parse(line));
  const { exit } = lines.pop();
  for (const { stream, text } of lines) process[stream].write(text + '\\n');
  if (exit.kind === 'exited') process.exitCode = exit.exitCode;
  else setInterval(() => undefined, 1e6);
}`,
  );
}

/** An executable of that name in `directory`, out of a script for Node. */
export function placeProgram(directory: string, name: string, script: string): Player {
  const file = join(directory, name);
  writeFileSync(file, `#!${process.execPath}\n${script}\n`, { mode: 0o755 });
  return { file, asked: () => Asked.parse(JSON.parse(readFileSync(askedIn(directory), 'utf8'))) };
}

function askedIn(directory: string): string {
  return join(directory, 'asked.json');
}

function pathOf(executor: string, scenario: string): string {
  return join(folder, executor, `${scenario}.jsonl`);
}
