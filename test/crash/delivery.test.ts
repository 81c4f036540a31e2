import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Result } from '../../src/base/result.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { gitsView, photographFiles, type Files } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';
import { Bed } from '../cli/bed.ts';
import { isAbout } from '../../src/protocol/about.ts';
import { startLife, type Life } from './life.ts';

const KILLS = 20;
const FILES = 200;

function name(index: number): string {
  return String(index).padStart(3, '0');
}

/** Of every four files, two are changed, one is deleted, and one is added in a folder that is new. */
const change = `
for n in $(seq -w 0 ${String(FILES - 1)}); do
  case $(expr $n % 4) in
    0|1) echo changed >> old/$n.txt ;;
    2) rm old/$n.txt ;;
    3) mkdir -p new/$n && echo $n > new/$n/file.txt ;;
  esac
done`;

it('leaves the tree as before or as after where a host is killed in the middle of an apply or an undo', async () => {
  const files: Record<string, string> = {};
  for (let index = 0; index < FILES; index++) if (index % 4 !== 3) files[`old/${name(index)}.txt`] = `${name(index)}\n`;
  const bed = new Bed(files satisfies Files);
  const look = (): unknown => photographFiles(bed.repo);
  const trees = { none: look(), applied: undefined as unknown };
  const git = gitsView(bed.repo);
  const { jobId, fileCount } = await bed.job('--run', change);
  expect(fileCount).toBe(FILES);

  const first = startLife(bed);
  const guest = await joined(first);
  const apply = await timed(guest, jobId, () => guest.apply({ jobId, origin: 'cli', dryRun: false }));
  trees.applied = look();
  const times = { apply, undo: await timed(guest, jobId, () => guest.undo({ jobId, origin: 'cli' })) };
  expect(look()).toEqual(trees.none);
  guest.dispose();
  await first.kill();

  const ends = { applied: 0, undone: 0, between: 0 };
  let isApplied = false;
  for (let kill = 0; kill < KILLS; kill++) {
    const life = startLife(bed);
    const relay = await joined(life);
    // Every second one while it writes, which is told by the event that comes before the first byte.
    const writing = kill % 2 === 0 ? nextChange(relay, jobId) : Promise.resolve();
    const done = isApplied
      ? relay.undo({ jobId, origin: 'cli' })
      : relay.apply({ jobId, origin: 'cli', dryRun: false });
    const longest = isApplied ? times.undo : times.apply;
    const moment = writing.then(() =>
      systemClock.pause(randomInt(0, Math.ceil(kill % 2 === 0 ? longest.write : longest.all))),
    );
    await Promise.race([moment, done]);
    await life.kill();
    relay.dispose();
    const left = JSON.stringify(look());
    if (left !== JSON.stringify(trees.none) && left !== JSON.stringify(trees.applied)) ends.between += 1;

    const next = startLife(bed);
    const delivery = await deliveryOf(next, jobId);
    expect(['none', 'applied', 'undone']).toContain(delivery);
    isApplied = delivery === 'applied';
    ends[isApplied ? 'applied' : 'undone'] += 1;
    expect(look(), delivery).toEqual(isApplied ? trees.applied : trees.none);
    expect((await next.kill()).stderr).not.toContain('"level":"error"');
  }
  process.stdout.write(
    `${String(KILLS)} kills in an apply or undo of ${String(FILES)} files: ${String(ends.between)} in the middle of the tree; ` +
      `after the next start ${String(ends.applied)} applied, ${String(ends.undone)} as before\n`,
  );
  // Else nothing was put to the test.
  expect(ends.between).toBeGreaterThan(0);
  const last = startLife(bed);
  if (isApplied) must(await (await joined(last)).undo({ jobId, origin: 'cli' }));
  await last.kill('SIGTERM');
  expect(look()).toEqual(trees.none);
  expect(gitsView(bed.repo)).toEqual(git);
}, 180_000);

type Relay = NonNullable<Awaited<Life['relay']>>;

async function joined(life: Life): Promise<Relay> {
  const relay = await life.relay;
  if (relay === undefined) throw new Error(`the host ended by itself: ${(await life.done).stderr}`);
  return relay;
}

/** How long it takes, in ms: altogether, and from the event before the first write. */
async function timed(
  relay: Relay,
  jobId: JobId,
  act: () => Promise<Result<unknown, { readonly message: string }>>,
): Promise<{ readonly all: number; readonly write: number }> {
  const started = systemClock.monotonic();
  const write = nextChange(relay, jobId).then(() => systemClock.monotonic());
  must(await act());
  const ended = systemClock.monotonic();
  return { all: ended - started, write: ended - (await write) };
}

function nextChange(relay: Relay, jobId: JobId): Promise<void> {
  return new Promise((resolve) => {
    const listening = relay.onChange((change) => {
      if (!isAbout(change, jobId)) return;
      listening.dispose();
      resolve();
    });
  });
}

async function deliveryOf(life: Life, jobId: JobId): Promise<string> {
  const relay = await joined(life);
  const job = must(await relay.get({ jobId }));
  relay.dispose();
  return job.delivery ?? '';
}
