import { randomInt } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { placesOf, type Places } from '../../src/host/places.ts';
import { procfs } from '../../src/process/procfs.ts';
import type { ProcessRow } from '../../src/process/processTable.ts';
import type { Relay } from '../../src/protocol/relay.ts';
import { gitsView, photographRepository } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';
import { Bed } from '../cli/bed.ts';
import { startLife, type Life } from './life.ts';
import { Hosts, submitAgainAndAgain } from './submitter.ts';

const KILLS = 100;
const SUBMITTERS = 8;

it('loses no acknowledged job to a kill at any moment, and ends what was left', async () => {
  const bed = new Bed({ 'a.txt': 'one\n', 'src/b.txt': 'b\n' });
  const look = (): unknown => ({ files: photographRepository(bed.repo), git: gitsView(bed.repo) });
  const before = look();
  const places = must(await placesOf(join(bed.repo, '.git'), undefined, bed.env));
  const hosts = new Hosts();
  const over = new AbortController();
  const submitters = Promise.all(
    Array.from({ length: SUBMITTERS }, (_, index) =>
      submitAgainAndAgain(hosts, `s${String(index)}`, bed.repo, over.signal),
    ),
  );

  let early = 0;
  let leftCount = 0;
  let left: readonly ProcessRow[] = [];
  for (let round = 0; round < KILLS; round++) {
    const life = startLife(bed);
    // A submitter that is refused ends the test at once.
    await Promise.race([anyMoment(life, hosts, round, left), submitters]);
    const { stdout, stderr } = await life.kill();
    hosts.lost(await life.relay);
    expect(stderr).not.toContain('"level":"error"');
    if (stdout === '') early += 1;
    left = await procfs.marked(places.recordId);
    leftCount += left.length;
  }

  const last = startLife(bed);
  const relay = await joined(last, hosts, left);
  over.abort();
  const acknowledged = new Map((await submitters).flatMap((jobs) => [...jobs]));
  const { lost, attempts } = await hold(relay, acknowledged);
  process.stdout.write(
    `${String(KILLS)} kills (${String(early)} before the host listened): ${String(acknowledged.size)} jobs acknowledged, ` +
      `${String(lost.length)} lost, ${String(attempts - acknowledged.size)} attempts run anew, ` +
      `${String(leftCount)} processes left by a kill and ended by the next start\n`,
  );
  expect(lost).toEqual([]);
  expect(must(await relay.list({ state: undefined, limit: 1, offset: 0 })).total).toBe(acknowledged.size);
  expect(leftCount).toBeGreaterThan(0);
  relay.dispose();
  expect((await last.kill('SIGTERM')).code).toBe(0);
  await expectNothingLeft(places);
  expect(look()).toEqual(before);
}, 300_000);

/** Resolves at a moment that may be in the start, in a submit, a run, a capture, a snapshot, or just after an end. */
async function anyMoment(life: Life, hosts: Hosts, round: number, left: readonly ProcessRow[]): Promise<void> {
  if (round % 4 === 0) {
    await Promise.race([systemClock.pause(randomInt(0, 300)), life.relay]);
    return;
  }
  const relay = await joined(life, hosts, left);
  // A job may be lost with three hosts and no more: in every second life, those that were lost come to their end.
  if (round % 4 > 1) await Promise.all((await lostBefore(relay)).map((jobId) => hosts.end(jobId)));
  // What was acknowledged before it was durable would be lost right after.
  if (randomInt(2) === 0) await hosts.nextAcknowledgement();
  else await systemClock.pause(randomInt(0, 250));
}

async function lostBefore(relay: Relay): Promise<readonly JobId[]> {
  const pages = await Promise.all(
    (['QUEUED', 'RUNNING'] as const).map((state) => relay.list({ state, limit: 100, offset: 0 })),
  );
  return pages.flatMap((page) => must(page).items.flatMap((job) => (job.attempt > 0 ? [job.jobId] : [])));
}

/** The host's relay, once the submitters have it. Nothing that an earlier host left lives then. */
async function joined(life: Life, hosts: Hosts, left: readonly ProcessRow[]): Promise<Relay & { dispose(): void }> {
  const relay = await life.relay;
  if (relay === undefined) throw new Error(`the host ended by itself: ${(await life.done).stderr}`);
  expect(await procfs.living(left)).toEqual([]);
  await hosts.began(relay);
  return relay;
}

/** Every acknowledged job is there once, has SUCCEEDED, and made what it was to make. */
async function hold(
  relay: Relay,
  acknowledged: ReadonlyMap<string, JobId>,
): Promise<{ readonly lost: readonly string[]; readonly attempts: number }> {
  const lost: string[] = [];
  let attempts = 0;
  for (const [key, jobId] of acknowledged) {
    const found = await relay.get({ jobId });
    if (!found.ok) {
      lost.push(key);
      continue;
    }
    const job = found.value;
    attempts += job.attempt;
    expect(job, job.message).toMatchObject({ title: key, state: 'SUCCEEDED', fileCount: 1 });
    expect(must(await relay.events({ jobId })).entries).toHaveLength(job.stateVersion);
    const { base64 } = must(await relay.artifact({ jobId, name: 'patch.diff', offset: 0, maxBytes: 4096 }));
    expect(Buffer.from(base64, 'base64').toString('utf8')).toMatch(
      new RegExp(`\\+\\+\\+ b/${key}\\.txt\\n.*\\n\\+${key}\\n$`),
    );
  }
  return { lost, attempts };
}

async function expectNothingLeft({ recordId, record, work }: Places): Promise<void> {
  expect(await procfs.marked(recordId)).toEqual([]);
  expect(existsSync(join(record, 'host.json'))).toBe(false);
  expect(readdirSync(join(work, 'tmp'))).toEqual([]);
  const locks = readdirSync(work, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.lock'));
  expect(locks).toEqual([]);
}
