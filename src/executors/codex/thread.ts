import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { ExecutionContext, ExecutorError, Thread } from '../../domain/executor.ts';
import { MARK } from '../../process/mark.ts';
import type { Run } from './arguments.ts';
import { ask, type Codex } from './ask.ts';
import { placeRollout, takeRollout } from './rollout.ts';

interface Around {
  readonly codex: Codex;
  readonly context: ExecutionContext;
  readonly clock: Clock;
  /** Whether the user lets threads be kept. */
  readonly keeps: boolean;
}

/**
 * The thread of one run. Codex writes it down among the user's own; it is there for as long as the run takes, and then it
 * is taken away, and codex's own index is made to forget it.
 */
export class CodexThread {
  readonly #around: Around;
  /** The one that it goes on from. */
  readonly #placed: string | undefined;

  private constructor(around: Around, placed: string | undefined) {
    this.#around = around;
    this.#placed = placed;
  }

  static async open(earlier: Thread | undefined, around: Around): Promise<Result<CodexThread, ExecutorError>> {
    const { context, clock } = around;
    if (earlier === undefined || context.playback !== undefined) return ok(new CodexThread(around, undefined));
    const placed = await placeRollout(context.env, earlier, clock.now()).catch(() => undefined);
    if (placed === undefined) return err({ kind: 'threadGone', message: 'what was kept of it cannot be read' });
    return ok(new CodexThread(around, placed));
  }

  /** How codex is told of it. */
  get argument(): Run['thread'] {
    if (this.#placed !== undefined) return { id: this.#placed };
    return this.#around.keeps && this.#around.context.playback === undefined ? 'new' : undefined;
  }

  /** Takes it away; the file, in the folder `own`, where it is to be kept. `sessionId`: as codex told it. */
  async close(sessionId: string | undefined): Promise<string | undefined> {
    const { codex, context, clock, keeps } = this.#around;
    const id = sessionId ?? this.#placed;
    if (this.argument === undefined || id === undefined) return undefined;
    const file = join(context.own, 'codex.thread.jsonl');
    const found = await takeRollout(context.env, id, file);
    if (found === 'absent') return undefined;
    // Also after a cancel, and away from the slot, where a project's configuration would count.
    const signal = new AbortController().signal;
    const asked = { ...codex, cwd: tmpdir(), env: withoutMark(codex.env), signal };
    const forgot = await ask(asked, ['delete', '--force', id], clock);
    if (forgot.kind !== 'said' || forgot.exitCode !== 0)
      context.onLog({ stream: 'relay', text: `codex did not forget the thread ${id}; "codex delete ${id}" makes it` });
    return keeps && found === 'taken' ? file : undefined;
  }
}

/** For what is not to end with the run: all that has the mark is. */
export function withoutMark(env: ExecutionContext['env']): ExecutionContext['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== MARK));
}
