import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../../base/result.ts';
import type { ExecutionContext, ExecutorError, Thread } from '../../domain/executor.ts';
import { takeThread } from '../threadFile.ts';
import type { ClaudeArguments } from './arguments.ts';
import { claudeHome } from './home.ts';

/** The line by which a session goes on counting its cost, which a budget would be held to (2.1.330). */
const COST = '"type":"cost-state"';

/**
 * The session of one run. Claude Code writes it down in a folder of the user's that it names by the working directory; it
 * is taken away from there when the run is over. It goes on from a file, wherever that is, and whatever the directory.
 */
export class ClaudeSession {
  readonly #context: ExecutionContext;
  readonly #id: string | undefined;
  readonly #from: string | undefined;

  private constructor(context: ExecutionContext, id: string | undefined, from: string | undefined) {
    this.#context = context;
    this.#id = id;
    this.#from = from;
  }

  /** `keeps`: whether the user lets threads be kept. */
  static async open(
    earlier: Thread | undefined,
    context: ExecutionContext,
    keeps: boolean,
  ): Promise<Result<ClaudeSession, ExecutorError>> {
    if (context.playback !== undefined) return ok(new ClaudeSession(context, undefined, undefined));
    const id = keeps ? randomUUID() : undefined;
    if (earlier === undefined) return ok(new ClaudeSession(context, id, undefined));
    const from = join(context.own, 'claude.earlier.jsonl');
    try {
      const lines = (await readFile(earlier.file ?? '', 'utf8')).split('\n').filter((line) => !line.includes(COST));
      await writeFile(from, lines.join('\n'), { mode: 0o600 });
    } catch {
      return err({ kind: 'threadGone', message: 'what was kept of it cannot be read' });
    }
    return ok(new ClaudeSession(context, id, from));
  }

  get argument(): ClaudeArguments['session'] {
    return { id: this.#id, from: this.#from };
  }

  /** Takes it away; the file, in the folder `own`, where it is to be kept. */
  async close(): Promise<string | undefined> {
    const home = claudeHome(this.#context.env);
    if (this.#id === undefined || home === undefined) return undefined;
    const file = join(this.#context.own, 'claude.thread.jsonl');
    const projects = join(home, 'projects');
    // Nearly all of them are of other work.
    for (const project of await readdir(projects).catch(() => [])) {
      const folder = join(projects, project);
      const taken = await takeThread(join(folder, `${this.#id}.jsonl`), file).catch(() => undefined);
      if (taken === undefined) continue;
      await rm(join(folder, this.#id), { recursive: true, force: true }).catch(() => undefined);
      await rmdir(folder).catch(() => undefined);
      return taken ? file : undefined;
    }
    return undefined;
  }
}
