import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Log } from '../base/log.ts';
import { err, messageOf, type Result } from '../base/result.ts';
import type { RelayChange } from '../protocol/change.ts';
import type { Relay } from '../protocol/relay.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import { invoke } from './callTable.ts';
import { EventStream, eventFrame } from './eventStream.ts';

export const CALL_PATH = '/relay';
export const CHANGES_PATH = '/relay/changes';

const MOST_PENDING_BYTES = 4 * 1024 * 1024;

export interface GuestDoorOptions {
  readonly relay: Relay;
  readonly clock: Clock;
  readonly log: Log;
  /** What a slow reader of changes may let pile up before it is cut off. */
  readonly mostPendingBytes?: number;
}

/** A route of http/route.ts, by shape: guest/ stands below http/ and does not import it. */
interface DoorRoute {
  readonly methods: readonly string[];
  readonly path: string;
  handle(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> | void;
}

export interface GuestDoor extends Disposable {
  readonly routes: readonly DoorRoute[];
  /** How many guests are listening: a host with guests is not idle. */
  guests(): number;
  /** When a guest last called, by the clock's monotonic time; undefined before the first. Who has called may call again. */
  calledAt(): number | undefined;
}

/**
 * The host's side of guest/remoteRelay.ts. `POST /relay` takes {call, input} and gives {ok: true, value} or {ok: false,
 * error: RelayError}, always with 200; `GET /relay/changes` is an event stream of RelayChange.
 */
export function openGuestDoor(options: GuestDoorOptions): GuestDoor {
  const streams = new Set<EventStream>();
  let calledAt: number | undefined;
  const broadcast = (change: RelayChange): void => {
    if (streams.size === 0) return;
    const frame = eventFrame(change);
    for (const stream of streams) stream.send(frame);
  };
  const subscription = options.relay.onChange(broadcast);
  return {
    routes: [
      {
        methods: ['POST'],
        path: CALL_PATH,
        handle: async (_request, response, body) => {
          calledAt = options.clock.monotonic();
          reply(response, await answer(options, body));
        },
      },
      {
        methods: ['GET'],
        path: CHANGES_PATH,
        handle: (_request, response) => {
          if (response.destroyed) return;
          // In the set before the headers go: who has seen them misses nothing.
          const stream = new EventStream(response, options.clock, options.mostPendingBytes ?? MOST_PENDING_BYTES);
          streams.add(stream);
          response.on('close', () => streams.delete(stream));
        },
      },
    ],
    guests: () => streams.size,
    calledAt: () => calledAt,
    dispose() {
      subscription.dispose();
      for (const stream of streams) stream.dispose();
    },
  };
}

const Request = z.strictObject({ call: z.string(), input: z.unknown() });

async function answer(options: GuestDoorOptions, body: Buffer): Promise<Result<unknown, RelayError>> {
  const request = Request.safeParse(parseJson(body));
  if (!request.success) return err(relayError('invalid', 'the body must be the JSON object {call, input}'));
  try {
    return await invoke(options.relay, request.data.call, request.data.input);
  } catch (thrown) {
    options.log.write('error', 'a call of a guest failed', { call: request.data.call, error: messageOf(thrown) });
    return err(relayError('internal', `the relay failed at "${request.data.call}": see its log, then try again`));
  }
}

function reply(response: ServerResponse, result: Result<unknown, RelayError>): void {
  const text = JSON.stringify(result);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
