import { sha256 } from '../base/canonical.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Digest, JobId } from '../domain/ids.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import type { FileState } from './fileState.ts';
import { fromOf, Receipt } from './receipt.ts';

/** A receipt under its name in the vault. */
export interface KeptReceipt {
  readonly digest: Digest;
  readonly receipt: Receipt;
}

/**
 * Puts a receipt and the contents that it may have to bring back into the vault. They are one file, whatever their number:
 * each file of the vault costs two syncs. Contents of an earlier receipt stay where they are.
 */
export async function keep(
  vault: Vault,
  receipt: Receipt,
  contents: ReadonlyMap<Digest, Buffer>,
  earlier: Receipt | undefined,
): Promise<Result<KeptReceipt, RelayError>> {
  const known = new Map((earlier?.contents ?? []).map((one) => [one.digest, one]));
  const needed = new Set(receipt.files.flatMap((file) => [digestOf(file.before), digestOf(fromOf(file))]));
  const parts: Buffer[] = [];
  const added: { readonly digest: Digest; readonly offset: number; readonly bytes: number }[] = [];
  let offset = 0;
  for (const digest of needed) {
    const content = digest === undefined || known.has(digest) ? undefined : contents.get(digest);
    if (digest === undefined || content === undefined) continue;
    parts.push(content);
    added.push({ digest, offset, bytes: content.length });
    offset += content.length;
  }
  const pack = await vault.put(parts);
  if (!pack.ok) return err(relayError('io', pack.error.message));
  const placed = added.map((one) => ({ ...one, pack: pack.value.digest }));
  const whole = {
    ...receipt,
    contents: [...[...known.values()].filter(({ digest }) => needed.has(digest)), ...placed],
  };
  const stored = await vault.put(Buffer.from(JSON.stringify(whole)));
  if (!stored.ok) return err(relayError('io', stored.error.message));
  return ok({ digest: stored.value.digest, receipt: whole });
}

export async function readReceipt(vault: Vault, jobId: JobId, digest: Digest): Promise<Result<Receipt, RelayError>> {
  const bytes = await vault.read(digest);
  if (!bytes.ok) return err(relayError('io', bytes.error.message));
  const receipt = Receipt.safeParse(jsonIn(bytes.value));
  return receipt.success
    ? ok(receipt.data)
    : err(relayError('internal', `The receipt of job ${jobId} cannot be read.`));
}

/** The content of a state that a receipt has kept. Throws where the record has lost it. */
export async function keptContent(vault: Vault, receipt: Receipt, state: FileState): Promise<Buffer> {
  const digest = digestOf(state);
  if (digest === undefined) return Buffer.alloc(0);
  const place = receipt.contents?.find((one) => one.digest === digest);
  const read =
    place === undefined
      ? await vault.read(digest)
      : await vault.read(place.pack, { offset: place.offset, length: place.bytes });
  if (!read.ok) throw new Error(read.error.message);
  // A slice is not checked against the name of its file.
  if (place !== undefined && sha256(read.value) !== digest) throw new Error(`${vault.pathOf(place.pack)} is damaged`);
  return read.value;
}

function digestOf(state: FileState): Digest | undefined {
  return state.kind === 'file' || state.kind === 'link' ? state.digest : undefined;
}

function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
