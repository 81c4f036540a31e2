import { client, RequestError, type ClientConnection } from '@agentclientprotocol/sdk';
import * as z from 'zod';
import { Lane } from '../../base/lane.ts';
import type { ExecutionContext } from '../../domain/executor.ts';
import { ALLOW, decide, optionFor, PermissionRequest, questionOf, type Terms } from './permission.ts';
import type { Denied, SlotFiles } from './slotFiles.ts';
import { slotPath } from './slotPath.ts';
import type { Transcript } from './transcript.ts';
import type { Wire } from './wire.ts';

export interface Desk {
  readonly name: string;
  readonly terms: Terms;
  readonly files: SlotFiles;
  readonly transcript: Transcript;
  readonly context: ExecutionContext;
}

const line = z.int().min(0).nullish();
const Read = z.object({ path: z.string(), line, limit: line });
const Write = z.object({ path: z.string(), content: z.string() });

/** What an agent may ask of the relay: files of the slot, and leave. No terminal; whatever else it asks is unknown here. */
export function connect(wire: Wire, desk: Desk): ClientConnection {
  const lane = new Lane();
  const ended = raised(desk.context.signal);
  return client()
    .onRequest('fs/read_text_file', Read, async ({ params: { path, line: first, limit } }) => {
      const read = await desk.files.read(path, { line: first ?? undefined, limit: limit ?? undefined });
      if (!read.ok) throw refusal(read.error, path);
      return { content: read.value };
    })
    .onRequest('fs/write_text_file', Write, async ({ params: { path, content } }) => {
      const written = await desk.files.write(path, content);
      if (!written.ok) throw refusal(written.error, path);
      return {};
    })
    .onRequest('session/request_permission', PermissionRequest, async ({ params }) => ({
      outcome: await lane.run(() => outcomeOf(params, desk, ended)),
    }))
    .connect(wire.stream);
}

function refusal({ kind, message }: Denied, path: string): RequestError {
  return kind === 'missing' ? RequestError.resourceNotFound(path) : RequestError.invalidParams(undefined, message);
}

type Outcome = { readonly outcome: 'selected'; readonly optionId: string } | { readonly outcome: 'cancelled' };

async function outcomeOf(request: PermissionRequest, desk: Desk, ended: Promise<undefined>): Promise<Outcome> {
  const { context, transcript } = desk;
  const answer = await answerTo(request, desk, ended);
  if (answer === undefined || context.signal.aborted) return { outcome: 'cancelled' };
  const { title } = transcript.call(request.toolCall);
  transcript.say(`${answer === 'allow' ? 'allowed' : 'refused'}: ${title}`);
  const optionId = optionFor(answer, request);
  return optionId === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId };
}

/** Undefined where the job ends before somebody has answered. */
async function answerTo(
  request: PermissionRequest,
  desk: Desk,
  ended: Promise<undefined>,
): Promise<'allow' | 'refuse' | undefined> {
  const { name, terms, transcript, context } = desk;
  if (context.signal.aborted) return undefined;
  const call = transcript.call(request.toolCall);
  const decision = decide(call, await areInside(context.directory, call.paths), terms);
  if (decision !== 'ask') return decision;
  const answer = await Promise.race([context.ask(questionOf(name, call, request)), ended]);
  return answer === undefined ? undefined : answer === ALLOW ? 'allow' : 'refuse';
}

async function areInside(slot: string, paths: readonly string[]): Promise<boolean | undefined> {
  if (paths.length === 0) return undefined;
  const places = await Promise.all(paths.map((path) => slotPath(slot, path)));
  return places.every(({ ok }) => ok);
}

function raised(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
