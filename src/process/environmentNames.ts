import * as z from 'zod';
import { isNeverLetThrough } from './environment.ts';

/** The names of variables to let through, and what is wrong with the others that were given, as sentences. */
export interface EnvironmentNames {
  readonly names: readonly string[];
  readonly refused: readonly string[];
}

const MOST = 100;
const Given = z.array(z.unknown());
const Name = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/**
 * Reads what a setting or an option has. An entry that is none is told by its place, and by its name where it has one:
 * whoever writes `KEY=value` there has written a secret, and whoever writes the value alone as well.
 */
export function environmentNames(given: unknown): EnvironmentNames {
  const all = Given.safeParse(given);
  if (!all.success) return { names: [], refused: ['The names of variables to let through are no list.'] };
  const names = new Set<string>();
  const refused: string[] = [];
  for (const [index, entry] of all.data.entries()) {
    const why = names.size >= MOST ? `${String(MOST)} names are the most` : whyNot(entry);
    if (why === undefined) names.add(Name.parse(entry));
    else refused.push(`${told(entry, index)} is not let through: ${why}.`);
  }
  return { names: [...names], refused };
}

function whyNot(entry: unknown): string | undefined {
  const name = Name.safeParse(entry);
  if (!name.success) return 'give the name of a variable alone, of letters, digits and "_"';
  return isNeverLetThrough(name.data) ? 'it belongs to the process that hosts the relay' : undefined;
}

function told(entry: unknown, index: number): string {
  const name = Name.safeParse(typeof entry === 'string' ? (/^([^=]+)(?:=|$)/.exec(entry)?.[1] ?? '') : undefined);
  return name.success ? `"${name.data}"` : `Entry ${String(index + 1)}`;
}
