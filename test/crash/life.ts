import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { remoteRelay, type RemoteRelay } from '../../src/guest/remoteRelay.ts';
import type { Bed, Ran } from '../cli/bed.ts';

/** Small, so that many of the kills meet a snapshot. */
const COMPACT_AT = 8_000;

const Told = z.union([
  z.object({ url: z.string(), token: z.string() }),
  z.object({ error: z.object({ message: z.string() }) }),
]);

/** One life of a host: a process that is killed sooner or later. */
export interface Life {
  readonly pid: number;
  /** A guest's connection; undefined where the host was killed before it could be joined. Rejects where it refuses to start. */
  readonly relay: Promise<RemoteRelay | undefined>;
  readonly done: Promise<Ran>;
  kill(signal?: NodeJS.Signals): Promise<Ran>;
}

export function startLife(bed: Bed): Life {
  const { child, done } = bed.start([bed.repo, String(COMPACT_AT)], { program: 'crashHost.cjs' });
  const relay = new Promise<RemoteRelay | undefined>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => {
      const told = Told.parse(JSON.parse(line.toString('utf8')));
      if ('error' in told) reject(new Error(`the host refused to start: ${told.error.message}`));
      else resolve(remoteRelay({ ...told, clock: systemClock, log: silentLog }));
    });
    void done.then(() => resolve(undefined));
  });
  return {
    pid: child.pid ?? 0,
    relay,
    done,
    kill(signal = 'SIGKILL') {
      child.kill(signal);
      return done;
    },
  };
}
