import * as z from 'zod';
import { code } from '../base/markdown.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Check } from '../domain/artifact.ts';
import type { JobId } from '../domain/ids.ts';
import type { SucceededJob } from '../domain/job.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import type { Documented } from './documents.ts';

/** pr.json: what a pull request for the patch says, and the commit that it is of. */
export const PullRequest = z.object({
  title: z.string(),
  /** Markdown. */
  body: z.string(),
  branch: z.string(),
  /** The branch that it is to be merged into; the baseline's id where none is known. */
  base: z.string(),
  baseline: z.string(),
  /** Title, body, and `Relay-Job: <id>` as a trailer. Of jobs before this was told, there is none. */
  commitMessage: z.string().optional(),
  /** `line`: the first of what the check has to say. */
  checks: z
    .array(
      z.object({ name: z.string(), verdict: z.string(), label: z.string().optional(), line: z.string().optional() }),
    )
    .optional(),
});
export type PullRequest = z.infer<typeof PullRequest>;

/** Files that the body names. */
const NAMED_FILES = 20;

export function pullRequest(told: Documented): string {
  const { job, checks } = told;
  const body = bodyOf(told);
  const title = subjectOf(job.spec.task.title);
  const { repo } = job.spec;
  const base = repo !== undefined && repo.type !== 'workspace' ? repo.baseBranch : job.onBranch;
  const made: PullRequest = {
    title,
    body: `${body}\n\n${trailerOf(job.id)}`,
    branch: `relay/${slug(job.spec.task.title)}-${job.id.slice(0, 6)}`,
    // No remote has a baseline of uncommitted work.
    base: base ?? job.graft?.on ?? job.baseline,
    baseline: job.baseline,
    commitMessage: commitMessageOf(title, body, job.id),
    checks: checks.map(checkOf),
  };
  return `${JSON.stringify(made, undefined, 2)}\n`;
}

/** The message of a job's commit, whichever version wrote its pr.json. */
export function messageIn({ title, body, commitMessage }: PullRequest, jobId: JobId): string {
  const trailer = `\n\n${trailerOf(jobId)}`;
  return commitMessage ?? commitMessageOf(title, body.endsWith(trailer) ? body.slice(0, -trailer.length) : body, jobId);
}

/** Its last paragraph is the trailer alone: what the body ends with is none, whatever it looks like. */
function commitMessageOf(title: string, body: string, jobId: JobId): string {
  return `${subjectOf(title)}\n\n${body}\n\n${trailerOf(jobId)}\n`;
}

function trailerOf(jobId: JobId): string {
  return `Relay-Job: ${jobId}`;
}

/** One line; and no NUL, which no commit can hold. */
function subjectOf(title: string): string {
  return title.replace(/[\s\0]+/g, ' ').trim() || 'A task';
}

function bodyOf({ job, report, files, fileCount }: Documented): string {
  const named = files.slice(0, NAMED_FILES).map((file) => code(file.path));
  const more = fileCount > named.length && named.length > 0 ? [`${String(fileCount - named.length)} more`] : [];
  const count = `${String(fileCount)} ${fileCount === 1 ? 'file' : 'files'}`;
  const parts = [
    job.spec.task.description ?? '',
    report?.summary ?? '',
    fileCount === 0 ? 'Changes nothing.' : `Changes ${count}: ${[...named, ...more].join(', ')}`,
  ];
  return parts
    .map((part) => part.replaceAll('\0', '').trim())
    .filter((part) => part !== '')
    .join('\n\n');
}

function checkOf({ name, verdict, label, detail }: Check): NonNullable<PullRequest['checks']>[number] {
  const line = detail?.split('\n')[0] ?? '';
  return { name, verdict, ...(label === undefined ? {} : { label }), ...(line === '' ? {} : { line }) };
}

function slug(title: string): string {
  const words = title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48);
  return words.replace(/-+$/, '') || 'task';
}

/** What a job's own pr.json says. */
export async function pullRequestOf(job: SucceededJob, vault: Vault): Promise<Result<PullRequest, RelayError>> {
  const artifact = job.outcome.artifacts.find((one) => one.name === 'pr.json');
  if (artifact === undefined) return err(relayError('illegal', `Job ${job.id} has no pr.json.`));
  const bytes = await vault.read(artifact.digest);
  if (!bytes.ok) return err(relayError('io', bytes.error.message));
  const told = PullRequest.safeParse(parsed(bytes.value.toString('utf8')));
  return told.success ? ok(told.data) : err(relayError('internal', `pr.json of job ${job.id} cannot be read.`));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
