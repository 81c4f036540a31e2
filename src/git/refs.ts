import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, type Result } from '../base/result.ts';
import type { ObjectId } from '../domain/ids.ts';
import { LineProcess } from '../process/lineProcess.ts';
import type { Git, GitError } from './git.ts';

/** One warm `git update-ref --stdin`: a set of refs costs some lines on a pipe instead of a process. */
export class Refs {
  readonly #git: Git;
  readonly #directory: string;
  readonly #process: LineProcess;

  constructor(git: Git, cwd: string) {
    this.#git = git;
    this.#directory = cwd;
    this.#process = new LineProcess({ ...git.command(['update-ref', '--stdin']), cwd, noAnswer: 'start: ok' });
  }

  /** Sets all of these refs, or none. */
  async set(refs: Readonly<Record<string, ObjectId>>): Promise<Result<void, GitError>> {
    const updates = Object.entries(refs).map(([name, id]) => `update ${name} ${id}`);
    const answer = await this.#process.ask(['start', ...updates, 'commit'].join('\n'));
    if (answer === 'commit: ok') return ok(undefined);
    // These refs are nobody else's to lock: a git that was killed with an earlier host may have left them so.
    for (const name of Object.keys(refs)) await rm(join(this.#directory, `${name}.lock`), { force: true });
    // It died, or knows no transactions (git before 2.27): a process for this set alone does it, or says why not.
    const done = await this.#git.run(['update-ref', '--stdin'], { stdin: `${updates.join('\n')}\n` });
    return done.ok ? ok(undefined) : done;
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
