import * as z from 'zod';
import { err, ok, type Result } from '../base/result.ts';

const path = z.string().min(1).max(4096).describe('relative to the repository, with forward slashes');

/** What a read-only executor is asked to answer. Each field is there, as providers' strict schemas want it. */
const Answered = z.strictObject({
  summary: z.string().describe('what was changed and why, for the reviewer'),
  edits: z
    .array(
      z.strictObject({
        path,
        oldText: z.string().min(1).describe('occurs exactly once in the file, byte for byte'),
        newText: z.string(),
      }),
    )
    .describe('made one after the other'),
  files: z.array(z.strictObject({ path, content: z.string() })).describe('new files, or files to write anew, whole'),
  deletions: z.array(path),
  testPlan: z.string().describe('how to see that it works'),
  notes: z.string().describe('what the reviewer should know besides; empty where nothing'),
});

/** A change as a text: edits, whole files, deletions, or a diff. Only the change itself must be there. */
export const Proposal = Answered.partial().extend({
  diff: z.string().min(1).optional().describe('a unified diff that git apply takes, instead of edits'),
  patch: z.base64().optional().describe('a patch of git, by its bytes'),
});
export type Proposal = z.infer<typeof Proposal>;

/** The JSON Schema (2020-12) that a program's answer is held to. */
export function proposalSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(Answered);
}

/** A proposal out of what a program said: JSON alone, or in the last fenced block of a text. */
export function parseProposal(text: string): Result<Proposal, { readonly message: string }> {
  const json = jsonIn(text);
  if (json === undefined) return err({ message: 'The proposal is no JSON.' });
  const parsed = Proposal.safeParse(json);
  if (parsed.success) return isOneChange(parsed.data) ? ok(parsed.data) : err({ message: TWO_CHANGES });
  const wrong = parsed.error.issues.slice(0, MOST_TOLD).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return err({ message: `The proposal has another shape than was asked for: ${wrong.join('; ')}.` });
}

const MOST_TOLD = 5;
const TWO_CHANGES =
  'The proposal has a diff beside another change: give either one diff, or edits, files and deletions.';

/** A diff is for the files as they are; beside anything else, nobody can tell which of the two comes first. */
function isOneChange({ diff, patch, edits = [], files = [], deletions = [] }: Proposal): boolean {
  const diffs = [diff, patch].filter((one) => one !== undefined).length;
  return diffs === 0 || (diffs === 1 && edits.length + files.length + deletions.length === 0);
}

function jsonIn(text: string): unknown {
  const fenced = [...text.matchAll(/^(`{3,})(?:json)?[ \t]*\r?\n([\s\S]*?)\r?\n\1[ \t]*$/gm)].at(-1)?.[2];
  return parseJson(text) ?? (fenced === undefined ? undefined : parseJson(fenced));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
