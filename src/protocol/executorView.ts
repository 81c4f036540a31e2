import * as z from 'zod';
import { Sandbox } from '../domain/jobSpec.ts';

/** What is told of an executor. */
export const ExecutorView = z.strictObject({
  name: z.string().describe('what execution.executor takes'),
  state: z.enum(['ready', 'notInstalled', 'notSignedIn', 'tooOld', 'broken']),
  version: z.string().optional(),
  message: z.string().optional().describe('what is wrong, and what to do'),
  sandboxes: z.array(Sandbox).describe('what execution.sandbox may be'),
  budgets: z.array(z.enum(['usd', 'tokens'])).describe('what execution.budget may hold'),
  resumes: z.literal(true).optional().describe('a follow-up of a job that it made can go on in the thread of that one'),
  place: z.int().min(1).optional().describe('in the order in which they are tried for a task that names none'),
  heldUntil: z.number().optional().describe('ms since 1970: its provider takes no more until then, and its jobs wait'),
  heldBecause: z.string().optional(),
});
export type ExecutorView = z.infer<typeof ExecutorView>;
