import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { readHostFile } from './hostFile.ts';
import { remoteRelay, type RemoteRelay } from './remoteRelay.ts';

/** A host that hangs, or a stranger that got its port, is not waited for as long as a call may take. */
const PROBE_MS = 5000;

/** The live host of a record, as a guest sees it; undefined where host.json is missing or names a host that is gone. */
export async function join(record: string, clock: Clock, log: Log): Promise<RemoteRelay | undefined> {
  const host = await readHostFile(record);
  if (host === undefined) return undefined;
  const { url, token } = host;
  const probe = remoteRelay({ url, token, clock, log, answerMs: PROBE_MS });
  const alive = await probe.activity({});
  probe.dispose();
  return alive.ok ? remoteRelay({ url, token, clock, log }) : undefined;
}
