import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import { redactorOf } from '../checks/secrets.ts';
import type { SucceededJob, FailedJob } from '../domain/job.ts';
import { rebuilt } from '../git/proof.ts';
import type { Git } from '../git/git.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { ensureBaseline } from './baseline.ts';
import type { LetThrough } from './letThrough.ts';
import type { Sources } from './sources.ts';

/** Bytes of a file that a review shows. */
const LARGEST_CONTENT = 16 * 1024 * 1024;

/**
 * A changed file as it was or as the patch makes it, from git objects and without a checkout; nothing where it is not there
 * on that side. A mirror that was deleted is made again from the repository and the patch.
 */
export async function contentOf(
  job: SucceededJob | FailedJob,
  path: string,
  side: 'before' | 'after',
  { sources, vault }: { readonly sources: Sources; readonly vault: Vault },
): Promise<Result<Buffer | undefined, RelayError>> {
  const file = job.outcome.files.find((one) => one.path === path);
  if (file === undefined) return err(relayError('notFound', `Job ${job.id} did not change "${path}".`));
  const [mode, id] = side === 'before' ? [file.oldMode, file.oldId] : [file.newMode, file.newId];
  if (/^0+$/.test(mode)) return ok(undefined);
  if (mode === '160000') return ok(Buffer.from(`Subproject commit ${id}\n`));
  const ground = await sources.ground(job);
  if (!ground.ok) return err(relayError('io', ground.error.message));
  const { mirror } = ground.value;
  const there = await blob(mirror.git, id);
  if (there !== undefined) return ok(there);
  const ensured = await ensureBaseline(job, { mirror, vault }, new AbortController().signal);
  if (!ensured.ok) return err(relayError('io', ensured.error.message));
  const artifact = job.outcome.artifacts.find((one) => one.name === 'patch.diff');
  const patch = artifact === undefined ? undefined : await vault.read(artifact.digest);
  if (patch?.ok === true) {
    await rebuilt(
      mirror.git,
      job.baseline,
      join(sources.temporary, `index-${randomBytes(6).toString('hex')}`),
      patch.value,
    );
  }
  const made = await blob(mirror.git, id);
  return made === undefined ? err(relayError('io', `"${path}" of job ${job.id} cannot be read any more.`)) : ok(made);
}

/**
 * A file of a patch that was kept apart, without what is found in it, and without what is found in the whole patch: it may
 * stand here in another form.
 */
export async function withoutSecrets(
  { lifted, outcome }: SucceededJob | FailedJob,
  { name, bytes }: { readonly name: string; readonly bytes: Buffer },
  ground: { readonly quarantine: Vault; readonly secretsKey: Uint8Array; readonly letThrough: () => LetThrough },
): Promise<Buffer> {
  const { quarantine, secretsKey: key } = ground;
  const kept = outcome.quarantine === undefined ? undefined : await quarantine.read(outcome.quarantine.patch);
  const file = { kind: 'file', name, bytes } as const;
  const sources = kept?.ok === true ? [file, { kind: 'patch', patch: kept.value } as const] : [file];
  const given = ground.letThrough().secrets;
  return (await redactorOf(sources, { key, lifted: new Set(lifted), given })).bytes(bytes);
}

async function blob(git: Git, id: string): Promise<Buffer | undefined> {
  const read = await git.run(['cat-file', 'blob', id], { maxOutput: LARGEST_CONTENT });
  return read.ok ? read.value : undefined;
}
