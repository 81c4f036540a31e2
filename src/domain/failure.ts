import * as z from 'zod';

/** Why a job FAILED. One row a code in ARCHITECTURE.md. */
export const ReasonCode = z.enum([
  'CONFLICT',
  'BAD_ARTIFACTS',
  'POLICY',
  'ACCEPTANCE',
  'EXECUTOR_ERROR',
  'TIMEOUT',
  'INTERNAL_ERROR',
]);
export type ReasonCode = z.infer<typeof ReasonCode>;

/** A failure as a person reads it: `message` says what happened, where, and what to do. */
export const Failure = z.object({ code: ReasonCode, message: z.string() });
export type Failure = z.infer<typeof Failure>;

export function failure(code: ReasonCode, message: string): Failure {
  return { code, message };
}

/** Whether another attempt at the same task could end otherwise. */
export function isRetryable(code: ReasonCode): boolean {
  return code === 'CONFLICT' || code === 'BAD_ARTIFACTS' || code === 'ACCEPTANCE' || code === 'EXECUTOR_ERROR';
}
