import { join } from 'node:path';
import { mkdtemp } from 'node:fs/promises';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import type { Relation } from '../domain/event.ts';
import { isTerminal, type Job, type SucceededJob } from '../domain/job.ts';
import { executorOf, type JobSpec } from '../domain/jobSpec.ts';
import { removeTree } from '../git/removeTree.ts';
import type { CallInput } from '../protocol/calls.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { graft } from './baseline.ts';
import { pinOf, type Pin } from './pin.ts';
import { remake } from './remake.ts';
import type { Sources } from './sources.ts';

export interface LineageOptions {
  readonly sources: Sources;
  readonly vault: Vault;
  readonly quarantine: Vault;
}

/** A job that another one leads to, before it is let in. */
export interface Descendant {
  readonly spec: JobSpec;
  readonly executor: string;
  readonly relation: Relation;
  /** Where it starts: found only once its spec was let in. */
  readonly pin: () => Promise<Result<Pin, RelayError>>;
}

type Made = Promise<Result<Descendant, RelayError>>;

/** The same spec at the same baseline. */
export function retried(job: Job): Result<Descendant, RelayError> {
  if (!isTerminal(job)) return notOver(job, 'retried');
  if (job.deleted === true) return gone(job);
  const spec = withoutKey(job.spec);
  const { baseline, graft, source } = job;
  const pin = { baseline, source, ...placeOf(job), ...(graft === undefined ? {} : { graft }) };
  return ok({ spec, executor: executorOf(spec), relation: 'retry', pin: () => Promise.resolve(ok(pin)) });
}

/** The same spec on what HEAD is now; with uncommitted work in it, on a new snapshot of that. */
export async function rebased(job: Job, options: LineageOptions): Made {
  if (!isTerminal(job)) return notOver(job, 'rebased');
  if (job.deleted === true) return gone(job);
  const spec = await ontoHead(withoutKey(job.spec), job, options);
  if (!spec.ok) return spec;
  const made = { spec: spec.value, executor: executorOf(spec.value), relation: 'rebase' } as const;
  return ok({ ...made, pin: () => pinOf(spec.value, job.workspace, options) });
}

/** Another task, on the result of one that SUCCEEDED. */
export function followed(
  job: Job,
  wanted: CallInput<'followUp'>,
  options: LineageOptions,
): Result<Descendant, RelayError> {
  if (isTerminal(job) && job.deleted === true) return gone(job);
  if (job.state !== 'SUCCEEDED') {
    const why = `Job ${job.id} is ${job.state}: only the result of one that SUCCEEDED can be gone on from.`;
    return err(relayError('illegal', `${why} To run it again, retry it.`));
  }
  const spec = followingSpec(job, wanted);
  const executor = executorOf(spec);
  const { command, cassette } = spec.execution ?? {};
  if ((executor === 'command' && command === undefined) || (executor === 'replay' && cassette === undefined)) {
    const why = `Job ${job.id} was made by ${executor === 'replay' ? 'a recording' : 'a command'}, which is not run again for another task.`;
    return err(relayError('invalid', `${why} Give execution.command, or name an agent in execution.executor.`));
  }
  return ok({ spec, executor, relation: 'followUp', pin: () => resultOf(job, options) });
}

/**
 * The parent's spec with another task. What made its change is not run again, and of a person's leave for protected paths an
 * agent inherits nothing; its gates and setup are an agent's commands where an agent asks for them.
 */
function followingSpec(job: SucceededJob, { task, execution: wanted, origin }: CallInput<'followUp'>): JobSpec {
  const { scope, ...rest } = withoutKey(job.spec);
  // Snippets are lines of a commit, for the task that they came with.
  delete rest.context;
  const inherited = { ...rest.execution };
  delete inherited.command;
  delete inherited.cassette;
  const isOther = wanted?.command !== undefined || wanted?.cassette !== undefined || isOtherThan(job, wanted?.executor);
  if (isOther) {
    delete inherited.executor;
    delete inherited.preferredModel;
    delete inherited.sandbox;
    delete inherited.budget;
  } else {
    // The one that did it, also where the parent left that open: its thread is there.
    inherited.executor = job.executor;
  }
  return {
    ...rest,
    ...(scope === undefined ? {} : { scope: origin === 'mcp' ? withoutLeave(scope) : scope }),
    task,
    execution: { ...inherited, ...wanted },
  };
}

function isOtherThan({ executor }: SucceededJob, wanted: string | undefined): boolean {
  return wanted !== undefined && wanted !== executor;
}

function withoutLeave(scope: NonNullable<JobSpec['scope']>): NonNullable<JobSpec['scope']> {
  const copy = { ...scope };
  delete copy.allowProtected;
  return copy;
}

/** A fixed commit is that of the source's HEAD from now on; who names a URL names the commit as well. */
async function ontoHead(spec: JobSpec, job: Job, { sources }: LineageOptions): Promise<Result<JobSpec, RelayError>> {
  const { repo } = spec;
  if (repo === undefined || repo.type === 'workspace') return ok(spec);
  if (repo.type === 'git') {
    const why = `Job ${job.id} is for ${repo.url} at a commit that its task names, and nothing here is its HEAD.`;
    return err(relayError('invalid', `${why} Submit the task anew with the commit in repo.baselineCommit.`));
  }
  const found = await sources.find(repo.path, 'HEAD');
  if (!found.ok) return err(relayError('invalid', found.error.message));
  const { commit } = found.value;
  if (commit === undefined) return err(relayError('invalid', `"${repo.path}" has no commit any more.`));
  return ok({ ...spec, repo: { ...repo, baselineCommit: commit } });
}

/** The result of a job as a baseline: its patch on its baseline, made again from what the record has. */
async function resultOf(job: SucceededJob, options: LineageOptions): Promise<Result<Pin, RelayError>> {
  const { sources, vault, quarantine } = options;
  const { source, baseline, outcome } = job;
  const served = outcome.artifacts.find(({ name }) => name === 'patch.diff')?.digest;
  const kept =
    outcome.quarantine === undefined
      ? { vault, digest: served }
      : { vault: quarantine, digest: outcome.quarantine.patch };
  const { digest } = kept;
  if (digest === undefined) return err(relayError('notFound', `Job ${job.id} has no patch to go on from.`));
  const ground = await sources.ground(job);
  if (!ground.ok) return err(relayError('invalid', ground.error.message));
  const temporary = await made(sources);
  if (!temporary.ok) return temporary;
  try {
    const place = {
      mirror: ground.value.mirror,
      vault,
      baseIndex: join(temporary.value, 'index.base'),
      scratchIndex: join(temporary.value, 'index'),
    };
    const remade = await remake(job, { vault: kept.vault, digest }, place, new AbortController().signal);
    if (!remade.ok) return err(relayError('io', remade.error.message));
    const tree = remade.value.resultTree;
    if (outcome.resultTree !== undefined && tree !== outcome.resultTree)
      return err(
        relayError('io', `The patch of job ${job.id} in the record does not make the result that was proven.`),
      );
    const here = { source, ...placeOf(job) };
    // A job that changed nothing: its result is its baseline.
    if (tree === remade.value.baseTree)
      return ok({ ...here, baseline, ...(job.graft === undefined ? {} : { graft: job.graft }) });
    const scratch = await sources.scratch(job);
    if (!scratch.ok) return err(relayError('invalid', scratch.error.message));
    try {
      const on = job.graft?.on ?? baseline;
      const grafted = { tree, parent: baseline, on, message: job.spec.task.title };
      const done = await graft(scratch.value, grafted, { vault });
      return done.ok ? ok({ ...here, ...done.value }) : done;
    } finally {
      await scratch.value.dispose();
    }
  } finally {
    await removeTree(temporary.value);
  }
}

/** Where the patch is for. */
function placeOf({ workspace, onBranch }: Job): Pick<Pin, 'workspace' | 'onBranch'> {
  return { workspace, ...(onBranch === undefined ? {} : { onBranch }) };
}

async function made(sources: Sources): Promise<Result<string, RelayError>> {
  const folder = await sources.ready();
  if (!folder.ok) return err(relayError('io', folder.error));
  try {
    return ok(await mkdtemp(join(folder.value, 'follow-')));
  } catch (thrown) {
    return err(relayError('io', `Nothing can be written to ${folder.value}: ${messageOf(thrown)}`));
  }
}

function notOver(job: Job, what: string): Result<never, RelayError> {
  return err(relayError('illegal', `Job ${job.id} is ${job.state}: it can be ${what} when it has ended.`));
}

/** Nothing that was said in a deleted job is brought back by another one. */
function gone(job: Job): Result<never, RelayError> {
  return err(relayError('notFound', `Job ${job.id} was deleted. Submit the task anew.`));
}

/** It is meant to be another job: it must not find the old one by its key. */
function withoutKey(spec: JobSpec): JobSpec {
  const copy = { ...spec };
  delete copy.idempotencyKey;
  return copy;
}
