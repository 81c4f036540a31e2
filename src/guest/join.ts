import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { readHostFile } from './hostFile.ts';
import { remoteRelay, type RemoteRelay } from './remoteRelay.ts';

/** The live host of a record, as a guest sees it; undefined where host.json is missing or names a host that is gone. */
export async function join(record: string, clock: Clock, log: Log): Promise<RemoteRelay | undefined> {
  const host = await readHostFile(record);
  if (host === undefined) return undefined;
  const relay = remoteRelay({ url: host.url, token: host.token, clock, log });
  const alive = await relay.activity({});
  if (alive.ok) return relay;
  relay.dispose();
  return undefined;
}
