import * as z from 'zod';
import { err, messageOf } from '../../base/result.ts';
import { wrongInput } from '../../protocol/wrongInput.ts';
import type { SlotFiles, Told } from './slotFiles.ts';

const path = z.string().min(1).max(4096).describe('relative to the repository, with forward slashes');
const folder = path.default('.').describe('a folder, relative to the repository; left out: its root');
const line = z.int().min(1).optional();

interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
  /** What a person reads in the log. */
  readonly say: (input: Readonly<Record<string, unknown>>) => string;
  readonly call: (files: SlotFiles, input: unknown) => Promise<Told>;
}

function tool<I extends z.ZodObject>(row: {
  readonly name: string;
  readonly description: string;
  readonly input: I;
  readonly run: (files: SlotFiles, input: z.output<I>) => Promise<Told>;
}): ModelTool {
  return {
    name: row.name,
    description: row.description,
    inputSchema: z.toJSONSchema(row.input, { io: 'input', target: 'draft-7' }),
    say: (input) => [row.name, input['path'] ?? input['text']].filter((part) => typeof part === 'string').join(' '),
    async call(files, input) {
      const parsed = row.input.safeParse(input);
      if (!parsed.success) return err(`The input of ${row.name} is wrong: ${wrongInput(parsed.error)}`);
      return row.run(files, parsed.data).catch((thrown: unknown) => err(messageOf(thrown)));
    },
  };
}

/** All that a model can do: look at the slot's files and change them. It runs nothing. */
export const modelTools: readonly ModelTool[] = [
  tool({
    name: 'list',
    description: 'The names in a folder; folders end with "/".',
    input: z.object({ path: folder }),
    run: (files, input) => files.list(input.path),
  }),
  tool({
    name: 'read',
    description: 'The text of a file, or its lines from `from` to `to` (counted from 1).',
    input: z.object({ path, from: line, to: line }),
    run: (files, input) => files.read(input.path, input.from, input.to),
  }),
  tool({
    name: 'search',
    description: 'The lines in which a text stands, word for word, as path:line: text.',
    input: z.object({ text: z.string().min(1).max(1000), path: folder }),
    run: (files, input) => files.search(input.text, input.path),
  }),
  tool({
    name: 'edit',
    description: 'Puts newText in the place of oldText, which occurs exactly once in the file. Read the file first.',
    input: z.object({ path, oldText: z.string().min(1), newText: z.string() }),
    run: (files, input) => files.edit(input.path, input.oldText, input.newText),
  }),
  tool({
    name: 'write',
    description: 'Writes a whole file, new or anew.',
    input: z.object({ path, content: z.string() }),
    run: (files, input) => files.write(input.path, input.content),
  }),
  tool({
    name: 'delete',
    description: 'Deletes a file.',
    input: z.object({ path }),
    run: (files, input) => files.remove(input.path),
  }),
];
