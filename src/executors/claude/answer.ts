import * as z from 'zod';

/** What it is asked to tell of the change that it made. */
const Told = z.strictObject({
  summary: z.string().describe('what was changed and why, for the reviewer'),
  testPlan: z.string().describe('how to see that it works'),
  notes: z.string().describe('what the reviewer should know besides; empty where nothing'),
});

/** The JSON Schema of an answer beside edits. */
export function toldSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(Told);
}

const text = z.string().min(1).optional().catch(undefined);
const Answer = z.object({ summary: text, testPlan: text, notes: text });
export type Answer = z.infer<typeof Answer>;

/** The texts of an answer, of a proposal too; without one, all that was said is the summary. */
export function answerOf(structured: unknown, said: string): Answer {
  const parsed = Answer.safeParse(structured);
  if (parsed.success) return parsed.data;
  return said === '' ? {} : { summary: said };
}
