import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { locate } from '../../src/host.ts';
import type { Places } from '../../src/host/places.ts';
import { Seat, type Role } from '../../src/host/seat.ts';
import { isTerminalState } from '../../src/domain/jobState.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { startChildHost } from '../fixtures/childHost.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { assets, command, environmentFor, must } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let cache: string;
let places: Places;
const seats: Seat[] = [];

beforeEach(async () => {
  directory = temporaryDirectory();
  cache = join(directory, 'cache');
  mkdirSync(cache);
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  places = must(await locate(repository, undefined, environmentFor(cache))).places;
});
afterEach(async () => {
  for (const seat of seats.splice(0)) await seat.close();
  await expectNothingLeft(places);
  removeDirectory(directory);
});

function take(): Seat {
  const seat = new Seat({
    directory: repository,
    places,
    assets,
    mode: 'run',
    agentCommands: 'allow',
    version: '0',
    environment: environmentFor(cache),
    clock: systemClock,
    log: silentLog,
  });
  seats.push(seat);
  return seat;
}

/** Resolves when the seat has this role. */
function becomes(seat: Seat, kind: Role['kind']): Promise<Role> {
  return new Promise((resolve) => {
    const look = (role: Role): void => {
      if (role.kind !== kind) return;
      listening.dispose();
      resolve(role);
    };
    const listening = seat.onRole(look);
    look(seat.role);
  });
}

async function submit(seat: Seat, run = 'echo x > x'): Promise<JobId> {
  return must(await seat.relay.submit({ spec: command(run), workspace: repository, origin: 'editor' })).jobId;
}

const ended = (seat: Seat, jobId: JobId): Promise<JobView> => until(seat, jobId, (job) => isTerminalState(job.state));

/** Resolves when the job is as it should be, as this seat hears of it. */
async function until(seat: Seat, jobId: JobId, met: (job: JobView) => boolean): Promise<JobView> {
  for (;;) {
    let hear: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => (hear = resolve));
    const subscriptions = [seat.relay.onChange(() => hear()), seat.onRole(() => hear())];
    const job = must(await seat.relay.get({ jobId }));
    if (!met(job)) await changed;
    for (const one of subscriptions) one.dispose();
    if (met(job)) return job;
  }
}

describe('a seat', () => {
  it('is the host where nobody is, and the next one is its guest', async () => {
    const first = take();
    // A call waits for whatever the seat is going to be.
    const jobId = await submit(first);
    expect(first.role).toMatchObject({ kind: 'host' });
    const second = take();
    await becomes(second, 'guest');
    expect(await ended(second, jobId)).toMatchObject({ state: 'SUCCEEDED' });
    const theirs = await submit(second);
    expect(await ended(first, theirs)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('takes over from a host that goes, with its jobs and its own listeners', async () => {
    const first = take();
    await becomes(first, 'host');
    const second = take();
    await becomes(second, 'guest');
    const roles: string[] = [];
    second.onRole((role) => roles.push(role.kind));
    const heard = new Set<string>();
    second.relay.onChange((change) => {
      if (change.kind === 'job') heard.add(`${change.jobId} ${change.state}`);
    });
    const jobId = await submit(second, 'case $RELAY_ATTEMPT in */1) sleep 1000 ;; esac; echo x > x');
    await until(second, jobId, (job) => job.state === 'RUNNING');
    await first.close();
    expect(await ended(second, jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(roles).toEqual(['away', 'host']);
    expect(heard).toContain(`${jobId} SUCCEEDED`);
  });

  it('follows a host that was killed, and calls that were made meanwhile are answered', async () => {
    const child = await startChildHost({ directory: repository, cache });
    const seat = take();
    await becomes(seat, 'guest');
    const away = becomes(seat, 'away');
    await child.kill();
    await away;
    const jobId = await submit(seat);
    expect(seat.role.kind).toBe('host');
    expect(await ended(seat, jobId)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('lets one of several take over, and the others join it', async () => {
    const first = take();
    await becomes(first, 'host');
    const others = [take(), take(), take()];
    await Promise.all(others.map((seat) => becomes(seat, 'guest')));
    const gone = others.map((seat) => becomes(seat, 'away'));
    await first.close();
    await Promise.all(gone);
    const jobId = await submit(others[0] ?? first);
    for (const seat of others) expect(await ended(seat, jobId)).toMatchObject({ state: 'SUCCEEDED' });
    expect(others.map((seat) => seat.role.kind).toSorted()).toEqual(['guest', 'guest', 'host']);
  });

  it('is away with the reason while nobody can be host, and host once it can be', async () => {
    const blocked = join(places.record, 'vault');
    mkdirSync(places.record, { recursive: true });
    writeFileSync(blocked, '');
    const seat = take();
    const away = await new Promise<Role>((resolve) => seat.onRole(resolve));
    expect(away).toMatchObject({ kind: 'away', message: expect.stringContaining('vault') as unknown });
    rmSync(blocked);
    expect(await ended(seat, await submit(seat))).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('answers that it was left once it is closed, whether it was host before or nothing yet', async () => {
    const host = take();
    const jobId = await submit(host);
    await host.close();
    const nothing = take();
    await nothing.close();
    for (const seat of [host, nothing]) {
      expect(await seat.relay.get({ jobId })).toMatchObject({ ok: false, error: { kind: 'closing' } });
    }
  });
});
