import * as z from 'zod';

/**
 * Everything that a door can be told instead of an answer. `message` is one line that says what happened and what to do.
 *
 * invalid: the input is wrong · refused: the input is right, and the policy says no · notFound · illegal: not in this
 * state · blocked: the user's tree stands in the way · conflict: the patch does not fit the tree · closing: the host is
 * going down · io: the disk · internal: the relay's own fault
 */
export const RelayError = z.strictObject({
  kind: z.enum(['invalid', 'refused', 'notFound', 'illegal', 'blocked', 'conflict', 'closing', 'io', 'internal']),
  message: z.string(),
});
export type RelayError = z.infer<typeof RelayError>;

export function relayError(kind: RelayError['kind'], message: string): RelayError {
  return { kind, message };
}
