import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { programs } from './programs.ts';
import { setups } from './run.ts';
import type { Scenario } from './scenario.ts';

const folder = resolve(import.meta.dirname, '..', 'executors', 'cassettes');

const Exit = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exited'), exitCode: z.int() }),
  z.strictObject({ kind: z.literal('signaled'), signal: z.string() }),
]);
const Line = z.strictObject({ at: z.int().nonnegative(), stream: z.enum(['stdout', 'stderr']), text: z.string() });
const End = z.strictObject({ at: z.int().nonnegative(), exit: Exit });

/** Somewhere on a machine, a host with a port that is not the stand-in's, a key that is not nobody's. */
const TELLING = /\/(?:tmp|home|root|Users|var)\/|127\.0\.0\.1:(?!8080\b)\d|sk-[a-z]/;

describe.each(['codex', 'claude'] as const)('the recordings of %s', (executor) => {
  const scenarios: Readonly<Record<string, Scenario>> = setups[executor].scenarios;
  const files = readdirSync(join(folder, executor));

  it('are there for each scenario, and for nothing else', () => {
    const names = files.map((file) => basename(file, '.jsonl'));
    expect(names.toSorted()).toEqual(Object.keys(scenarios).toSorted());
  });

  it.each(files)('are whole, end as their scenario does, and tell of no machine: %s', (file) => {
    const text = readFileSync(join(folder, executor, file), 'utf8');
    const [head, ...rest] = text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const scenario = basename(file, '.jsonl');
    const { mode, exit } = scenarios[scenario] ?? { mode: undefined, exit: undefined };
    expect(head).toEqual({ cassette: 1, executor, version: programs[executor].version, scenario, mode });
    expect(End.parse(rest.at(-1)).exit).toEqual(exit);
    expect(z.array(Line).parse(rest.slice(0, -1)).length).toBeGreaterThan(0);
    expect(text.match(TELLING)).toBeNull();
    if (hostname().length > 4) expect(text).not.toContain(hostname());
  });
});
