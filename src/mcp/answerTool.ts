import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import { calls } from '../protocol/calls.ts';
import { tool } from './tool.ts';

export const answerTool = tool({
  name: 'jobs_answer',
  title: 'Answer a job’s question',
  description: [
    'Answer the question that a WAITING job asks: jobs_get has it in question {askId, text, choices, deadline}. Give one of the choices word for word, or any text where there are none. Ask the user first where you do not know what they want.',
    'Where question.personsOnly is true, only a person may answer, in the editor or with "task-relay answer": tell the user, this tool refuses. Answers at once with {state}. Without an answer the job takes question.fallback at the deadline. Next: jobs_get.',
  ].join('\n'),
  input: z.strictObject({ jobId: JobId, askId: z.string(), answer: z.string().max(10_000) }),
  output: calls.answer.output,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  run: ({ relay }, input) => relay.answer({ ...input, origin: 'mcp' }),
});
