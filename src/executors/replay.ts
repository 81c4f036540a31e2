import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { parseCassette, type Cassette } from '../domain/cassette.ts';
import type { ExecutionContext, ExecutionRequest, Executor, ExecutorError, Report } from '../domain/executor.ts';
import { Playback } from './playback.ts';

/**
 * Plays a cassette (`execution.cassette`): what the recorded program said goes through the same decoder once more, and the
 * change that it made is made again. No program runs.
 */
export function replayExecutor(players: readonly Executor[]): Executor {
  /** A proposal that is to be mended goes on where the cassette is. All runs of an attempt have its one signal. */
  const playing = new WeakMap<AbortSignal, Playing>();
  return {
    name: 'replay',
    abilities: { sandboxes: [], budgets: ['usd', 'tokens'] },
    async run(request, context) {
      const under = request.repair === undefined ? await open(request) : ok(playing.get(context.signal));
      if (!under.ok) return under;
      if (under.value === undefined) return err({ kind: 'failed', message: 'The cassette has no second proposal.' });
      playing.set(context.signal, under.value);
      return play(request, context, players, under.value);
    },
  };
}

interface Playing {
  readonly cassette: Cassette;
  readonly playback: Playback;
}

async function open({ spec }: ExecutionRequest): Promise<Result<Playing, ExecutorError>> {
  const path = spec.execution?.cassette;
  if (path === undefined)
    return unplayable('Nothing is to be played. Give the file of a cassette in execution.cassette.');
  if (!isAbsolute(path)) return unplayable(`The cassette "${path}" must be given by its full path.`);
  try {
    const parsed = parseCassette(await readFile(path, 'utf8'));
    if (!parsed.ok) return unplayable(`"${path}" is no cassette. ${parsed.error.message}`);
    return ok({ cassette: parsed.value, playback: new Playback(parsed.value.runs) });
  } catch (thrown) {
    return unplayable(`The cassette "${path}" cannot be read: ${messageOf(thrown)}`);
  }
}

function unplayable(message: string): Result<never, ExecutorError> {
  return err({ kind: 'unavailable', message });
}

async function play(
  request: ExecutionRequest,
  context: ExecutionContext,
  players: readonly Executor[],
  { cassette: { head, made }, playback }: Playing,
): Promise<Result<Report, ExecutorError>> {
  const player = players.find(({ name }) => name === head.executor);
  context.onLog({ stream: 'relay', text: `plays what ${head.executor} ${head.version ?? ''} did` });
  const { spec } = request;
  const inMode = head.mode === undefined ? spec : { ...spec, execution: { ...spec.execution, sandbox: head.mode } };
  const played =
    player === undefined
      ? ok(asPrinted(playback, context))
      : await player.run({ ...request, spec: inMode }, { ...context, playback });
  if (!played.ok) return played;
  const version = head.version === undefined ? {} : { version: head.version };
  const report: Report = { ...told(made), ...played.value, ...version };
  if (report.proposal !== undefined || made.patch === undefined) return ok(report);
  return ok({ ...report, proposal: JSON.stringify({ patch: made.patch }) });
}

/** Where no decoder is known, the lines are shown as they are. */
function asPrinted(playback: Playback, { onLog, onRaw }: ExecutionContext): Report {
  for (let run = playback.next(); run !== undefined; run = playback.next()) {
    for (const { stream, text } of run.lines) {
      onRaw({ stream, text });
      onLog({ stream, text });
    }
  }
  return {};
}

function told({ summary, usage }: Cassette['made']): Report {
  return { ...(summary === undefined ? {} : { summary }), ...(usage === undefined ? {} : { usage }) };
}
