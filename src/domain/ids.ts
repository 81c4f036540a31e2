import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** A job's name: 16 characters of lower-case base 32 (80 random bits). A unique beginning names it on the command line. */
export const JobId = z
  .string()
  .regex(/^[a-z2-7]{16}$/, 'a job id has 16 characters of a-z and 2-7')
  .brand('JobId');
export type JobId = z.infer<typeof JobId>;

/** A full commit, tree or blob id: 40 hex digits, or 64 in a SHA-256 repository. */
export const ObjectId = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'a full lower-case commit id of 40 (or 64) hex digits')
  .brand('ObjectId');
export type ObjectId = z.infer<typeof ObjectId>;

/** The SHA-256 of a content in lower-case hex: its name in the vault. */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')
  .brand('Digest');
export type Digest = z.infer<typeof Digest>;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

const ID_LENGTH = 16;
/** Random bytes for many ids at once: one call for each would cost four times the rest. */
let pool = Buffer.alloc(0);

export function newJobId(): JobId {
  if (pool.length === 0) pool = randomBytes(ID_LENGTH * 256);
  let id = '';
  for (const byte of pool.subarray(0, ID_LENGTH)) id += ALPHABET.charAt(byte & 31);
  pool = pool.subarray(ID_LENGTH);
  return JobId.parse(id);
}
