import { LineProcess } from '../process/lineProcess.ts';
import { err, ok, type Result } from '../base/result.ts';
import { ObjectId } from '../domain/ids.ts';
import type { Git } from './git.ts';

/** There is no such object. */
export interface Missing {
  readonly kind: 'missing';
}

/** `gone`: git could not be asked. */
export interface Unasked {
  readonly kind: 'gone';
}

export interface ObjectFacts {
  readonly id: ObjectId;
  readonly type: string;
  readonly bytes: number;
}

/**
 * One warm `git cat-file --batch-check`: a question costs a line on a pipe instead of a process. It sees new refs and new
 * objects as they come.
 */
export class CatFile {
  readonly #process: LineProcess;

  constructor(git: Git, cwd: string) {
    this.#process = new LineProcess({
      ...git.command(['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)']),
      cwd,
    });
  }

  /** The commit that `revision` names (`HEAD`, or an id). */
  commit(revision: string): Promise<Result<ObjectId, Missing>> {
    return this.#object(`${revision}^{commit}`);
  }

  /** The tree of a commit. */
  commitTree(commit: ObjectId): Promise<Result<ObjectId, Missing>> {
    return this.#object(`${commit}^{commit}^{tree}`);
  }

  /** What an id, or `<tree>:<path>`, names; the name is one line. */
  async facts(name: string): Promise<Result<ObjectFacts, Missing | Unasked>> {
    const answer = (await this.#process.ask(name)) ?? (await this.#process.ask(name));
    if (answer === undefined) return err({ kind: 'gone' });
    const [, id, type = '', bytes] = /^([0-9a-f]+) (blob|tree|commit|tag) (\d+)$/.exec(answer) ?? [];
    const known = ObjectId.safeParse(id);
    return known.success ? ok({ id: known.data, type, bytes: Number(bytes) }) : err({ kind: 'missing' });
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  async #object(name: string): Promise<Result<ObjectId, Missing>> {
    const found = await this.facts(name);
    return found.ok && (found.value.type === 'commit' || found.value.type === 'tree')
      ? ok(found.value.id)
      : err({ kind: 'missing' });
  }
}
