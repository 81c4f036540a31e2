import { err, ok, type Result } from '../base/result.ts';
import type { Graft } from '../domain/graft.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { JobSpec } from '../domain/jobSpec.ts';
import { branchOfHead } from '../git/headBranch.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import type { Sources } from './sources.ts';
import { withUncommitted } from './uncommitted.ts';

/** Where a job starts, and what it starts from. */
export interface Pin {
  readonly baseline: ObjectId;
  /** Where the baseline is no commit of the source. */
  readonly graft?: Graft;
  readonly source: string;
  readonly workspace: string;
  /** The branch that HEAD of the working tree is on. */
  readonly onBranch?: string;
}

/** The commit that a job starts from: fixed now, whatever HEAD and the working tree do later. */
export async function pinOf(
  spec: JobSpec,
  workspace: string,
  { sources, vault }: { readonly sources: Sources; readonly vault: Vault },
): Promise<Result<Pin, RelayError>> {
  const repo = spec.repo ?? { type: 'workspace' };
  if (repo.type === 'git') {
    const refused = refusedUrl(repo.url);
    if (refused !== undefined) return err(relayError('invalid', refused));
    return ok({ baseline: repo.baselineCommit, source: repo.url, workspace });
  }
  if (repo.type === 'local') {
    const found = await sources.find(repo.path, repo.baselineCommit);
    if (!found.ok) return err(relayError('invalid', found.error.message));
    const { commit, topLevel } = found.value;
    if (commit !== undefined) return ok({ baseline: commit, source: topLevel, workspace: topLevel });
    const why = `The commit ${repo.baselineCommit} is not in "${repo.path}". Name one that is (git rev-parse HEAD), or fetch it first.`;
    return err(relayError('invalid', why));
  }
  if (repo.include !== 'uncommitted') return headOf(workspace, sources);
  // HEAD and the work on it are read one after the other: a commit in between would give a state that never was.
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const head = await headOf(workspace, sources);
    if (!head.ok) return head;
    const pinned = await withUncommitted(head.value, { sources, vault });
    const now = await headOf(workspace, sources);
    if (!now.ok) return now;
    if (now.value.baseline === head.value.baseline) return pinned;
  }
  const why = `HEAD of "${workspace}" moved again and again while your uncommitted work was read. Submit again when it stands still.`;
  return err(relayError('invalid', why));
}

const MOST_TRIES = 3;

/** HEAD of a working tree, at this moment. */
async function headOf(directory: string, sources: Sources): Promise<Result<Pin, RelayError>> {
  const found = await sources.find(directory, 'HEAD');
  if (!found.ok) return err(relayError('invalid', found.error.message));
  const { commit, topLevel } = found.value;
  if (commit === undefined) {
    const why = `"${directory}" has no commit yet. Make a first commit, then submit again.`;
    return err(relayError('invalid', why));
  }
  const onBranch = await branchOfHead(sources.theirs, topLevel);
  const known = onBranch === undefined ? {} : { onBranch };
  return ok({ baseline: commit, source: topLevel, workspace: topLevel, ...known });
}

/** Only what git fetches by itself: no transport that runs a program of the spec's choice. */
function refusedUrl(url: string): string | undefined {
  if (/^(https?|ssh|git|file):\/\//.test(url) || /^[\w.-]+@[\w.-]+:/.test(url)) return undefined;
  return `repo.url "${url}" is no URL that the relay fetches from. Use https, ssh, git or file.`;
}
