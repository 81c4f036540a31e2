import { resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { badInput, type CliFailure } from './failure.ts';
import type { CliContext } from './context.ts';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O & typeof common; allowPositionals: true; strict: true }>
>;

/** What every command takes. */
const common = {
  repo: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
} as const satisfies OptionsConfig;

/** Parses a command's options; `positionals` are the words it takes besides, and `more` those that it may take. */
export function parseOptions<const O extends OptionsConfig>(
  { args }: CliContext,
  options: O,
  positionals: readonly string[],
  more: readonly string[] = [],
): Result<Parsed<O>, CliFailure> {
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, ...common },
      allowPositionals: true,
      strict: true,
    });
    if (parsed.positionals.length < positionals.length) {
      return err(badInput(`Give ${positionals.slice(parsed.positionals.length).join(' and ')}.`));
    }
    const most = positionals.length + more.length;
    if (parsed.positionals.length > most) {
      return err(badInput(`"${parsed.positionals[most] ?? ''}" is one word too many.`));
    }
    return ok(parsed);
  } catch (thrown) {
    return err(badInput(messageOf(thrown).replace(/\s*\n\s*/g, ' ')));
  }
}

/** The folder that a command is about. */
export function directoryOf({ cwd }: CliContext, repo: string | undefined): string {
  return resolve(cwd, repo ?? '.');
}

/** A whole number from `least` to `most`; undefined where the option was not given. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
): Result<number | undefined, CliFailure> {
  if (text === undefined) return ok(undefined);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return ok(value);
  return err(badInput(`--${name} takes a whole number from ${String(least)} to ${String(most)}, not "${text}".`));
}
