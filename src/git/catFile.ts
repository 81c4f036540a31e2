import { LineProcess } from '../process/lineProcess.ts';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { Git } from './git.ts';

/** There is no such commit. */
export interface Missing {
  readonly kind: 'missing';
}

/**
 * One warm `git cat-file --batch-check`: a question costs a line on a pipe instead of a process. It sees new refs and new
 * objects as they come.
 */
export class CatFile {
  readonly #process: LineProcess;

  constructor(git: Git, cwd: string) {
    this.#process = new LineProcess({ ...git.command(['cat-file', '--batch-check=%(objectname) %(objecttype)']), cwd });
  }

  /** The commit that `revision` names (`HEAD`, or an id). */
  commit(revision: string): Promise<Result<ObjectId, Missing>> {
    return this.#object(`${revision}^{commit}`);
  }

  /** The tree of a commit. */
  commitTree(commit: ObjectId): Promise<Result<ObjectId, Missing>> {
    return this.#object(`${commit}^{commit}^{tree}`);
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  async #object(name: string): Promise<Result<ObjectId, Missing>> {
    const answer = await this.#process.ask(name);
    const id = ObjectId.safeParse(answer?.split(' ')[0]);
    return answer !== undefined && / (commit|tree)$/.test(answer) && id.success
      ? ok(id.data)
      : err({ kind: 'missing' });
  }
}
