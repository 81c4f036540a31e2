import * as z from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import { Usage } from './artifact.ts';
import { Sandbox } from './jobSpec.ts';

/** What a recorded run was of. */
const Head = z.strictObject({
  cassette: z.literal(1),
  executor: z.string(),
  version: z.string().optional(),
  scenario: z.string().optional(),
  /** Where it is missing, the executor's usual one. */
  mode: Sandbox.optional(),
});

/** A line of a program's; `at` in ms since the first. */
const Line = z.strictObject({ at: z.number(), stream: z.enum(['stdout', 'stderr']), text: z.string() });

const Exited = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('exited'), exitCode: z.int() }),
  z.strictObject({ kind: z.literal('signaled'), signal: z.string() }),
]);

/** The end of a program. Another may follow: an executor that mends its proposal runs its program twice. */
const End = z.strictObject({ at: z.number(), exit: Exited });

/** Where lines were left out, because there were too many. */
const Cut = z.strictObject({ cut: z.int() });

/** What came of it all: the patch in base64, and what the executor said. */
const Made = z.strictObject({ patch: z.base64().optional(), summary: z.string().optional(), usage: Usage.optional() });

/** One run of a program. */
export interface RecordedRun {
  readonly lines: readonly z.infer<typeof Line>[];
  readonly exit: z.infer<typeof Exited>;
}

/** A job's executor as it was seen, to be played again without it. A file of JSON lines: head, lines and ends, what was made. */
export interface Cassette {
  readonly head: z.infer<typeof Head>;
  readonly runs: readonly RecordedRun[];
  readonly made: z.infer<typeof Made>;
}

/** A cassette's head, and what was made, around the lines of a stream.jsonl. */
export function formatCassette(head: Cassette['head'], stream: string, made: Cassette['made']): string {
  return `${JSON.stringify(head)}\n${stream}${JSON.stringify(made)}\n`;
}

export function parseCassette(text: string): Result<Cassette, { readonly message: string }> {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const head = Head.safeParse(json(first));
  if (!head.success) return err({ message: 'Its first line is no head of a cassette.' });
  const runs: RecordedRun[] = [];
  let lines: RecordedRun['lines'][number][] = [];
  let made: Cassette['made'] = {};
  for (const [index, text] of rest.entries()) {
    const found = z.union([Line, End, Cut, Made]).safeParse(json(text));
    if (!found.success) return err({ message: `Line ${String(index + 2)} is none of a cassette.` });
    const value = found.data;
    if ('stream' in value) lines.push(value);
    else if ('exit' in value) {
      runs.push({ lines, exit: value.exit });
      lines = [];
    } else if (!('cut' in value)) made = value;
  }
  if (lines.length > 0) return err({ message: 'It ends in the middle of a run.' });
  return ok({ head: head.data, runs, made });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
