import { join } from 'node:path';
import { SecretScan } from '../../src/checks/secretScan.ts';
import { CheckGround, newFiles, ordinaryChange, sourceText } from './checkGround.ts';
import { inChild, type ChildTask, type Figures } from './child.ts';
import { atMost, limited, megabytes, megabytesPerSecond, ms, told, type Row } from './row.ts';
import { median } from './statistics.ts';
import { withTemporary } from './temporary.ts';

const RUNS = 20;
const WARM_UP = 3;
/** 49 MB in all. */
const REPOSITORY = { files: 5000, bytesEach: 9800 };
const LARGE_PATCH = 50_000_000;
const SCANNED = 20_000_000;
/** Of one job: what it printed. */
const LOG = Buffer.from(sourceText(7, 100_000));

/** The checks of a bundle, without gates, against the git commands that they need; and what the scan for secrets costs. */
export async function checksCost(): Promise<readonly Row[]> {
  const ordinary = await withTemporary(async (directory) =>
    compared(await CheckGround.make(directory, REPOSITORY, ordinaryChange)),
  );
  const large = await withTemporary(async (directory) => {
    const ground = await CheckGround.make(directory, { files: 50, bytesEach: 1000 }, (repository) =>
      newFiles(repository, LARGE_PATCH),
    );
    ground.keep();
    return inChild('checks-memory', directory);
  });
  const of = (name: string): number => large[name] ?? Number.NaN;
  return [
    ...ordinary,
    told('a scan of source text for secrets', megabytesPerSecond(await scanSpeed())),
    told('all checks of a 50 MB patch', ms(of('took'))),
    limited('  … memory at its peak, beside the patch', megabytes(of('peak')), megabytes(100), 'at most'),
  ];
}

export const checksTasks: Readonly<Record<string, ChildTask>> = { 'checks-memory': measureMemory };

async function compared(ground: CheckGround): Promise<readonly Row[]> {
  const [secrets, others, floors]: [number[], number[], number[]] = [[], [], []];
  for (let run = -WARM_UP; run < RUNS; run++) {
    // In turn the one before the other: on a busy machine the second finds it otherwise than the first.
    const early = run % 2 === 0 ? await ground.floor() : undefined;
    const ours = await ground.checks(LOG);
    const floor = early ?? (await ground.floor());
    if (run < 0) continue;
    secrets.push(ours.secrets);
    others.push(ours.others);
    floors.push(floor);
  }
  const what = `all checks at ${REPOSITORY.files} files, without gates and secrets`;
  const all = median(secrets) + median(others);
  return [
    atMost(what, ms(median(others)), ms(median(floors)), 1.3),
    told('  … secrets, of all checks but gates', ms(median(secrets)), ms(all)),
  ];
}

async function scanSpeed(): Promise<number> {
  const scan = await SecretScan.open();
  const bytes = Buffer.from(sourceText(1, SCANNED));
  const took: number[] = [];
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    await scan.run({ kind: 'file', name: join('src', 'x.ts'), bytes });
    took.push(performance.now() - started);
  }
  return bytes.length / 1000 / median(took);
}

/** In a process of its own, which has the patch before it begins to count. */
async function measureMemory(directory: string): Promise<Figures> {
  const ground = await CheckGround.again(directory);
  const before = process.memoryUsage().rss;
  const started = performance.now();
  await ground.checks(LOG);
  const took = performance.now() - started;
  return { took, peak: (process.resourceUsage().maxRSS * 1024 - before) / 1e6 };
}
