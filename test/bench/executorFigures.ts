// Measures jobs of the real codex and claude; prints one line of JSON: the figures, or why there are none.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { procfs } from '../../src/process/procfs.ts';
import { layAgents } from '../agents/agentsBed.ts';
import type { Ground } from '../agents/ground.ts';
import { installed } from '../agents/install.ts';
import { must, openTestHost, type TestHost } from '../fixtures/testHost.ts';
import type { ExecutorFigures } from './executors.ts';

const RUNS = 10;
const WARM_UP = 2;
const CANCELS = 100;

/** Starts the program, and notes when it was started and when it had exited, in ns. */
function timed(ground: Ground, name: string, executable: string): string {
  const file = ground.place(
    `timed/${name}`,
    `#!/bin/sh
began=$(date +%s%N)
'${executable}' "$@"
code=$?
echo "$1 $began $(date +%s%N)" >> '${join(ground.root, `${name}.times`)}'
exit $code
`,
  );
  chmodSync(file, 0o755);
  return file;
}

/** Milliseconds of the last run of the program that did a task; those that ask for its version are the relay's time. */
function programTime(ground: Ground, name: string): number {
  const lines = readFileSync(join(ground.root, `${name}.times`), 'utf8')
    .trim()
    .split('\n');
  const [, began = '0', ended = '0'] = (lines.findLast((line) => /^(?:exec|-p) /.test(line)) ?? '').split(' ');
  return Number(BigInt(ended) - BigInt(began)) / 1e6;
}

async function beyond(host: TestHost, ground: Ground, executor: 'codex' | 'claude'): Promise<ExecutorFigures['codex']> {
  const figures = { jobs: new Array<number>(), programs: new Array<number>() };
  for (let run = -WARM_UP; run < RUNS; run++) {
    const began = performance.now();
    const job = await host.run({ task: { title: 'Say hi' }, execution: { executor } });
    const took = performance.now() - began;
    if (job.state !== 'SUCCEEDED') throw new Error(`a job of ${executor} came to ${job.state}: ${job.message ?? ''}`);
    if (run < 0) continue;
    figures.jobs.push(took);
    figures.programs.push(programTime(ground, executor));
  }
  return figures;
}

/** A program that is deaf to SIGTERM, with a child in a session of its own and one that outlives its shell. */
const STUBBORN = "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & nohup sleep 1000 & echo ready; wait; wait";

async function cancels(host: TestHost): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < CANCELS; run++) {
    const { jobId } = must(await host.submit({ task: { title: 'Stay' }, execution: { command: STUBBORN } }));
    await host.logged(jobId, 'ready');
    const began = performance.now();
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    await host.sealed(jobId);
    times.push(performance.now() - began);
    const left = await procfs.marked(`${host.host.places.recordId}/${jobId}`);
    if (left.length > 0) throw new Error(`after a cancel ${String(left.length)} processes live`);
  }
  return times;
}

async function measure(codex: string, claude: string): Promise<ExecutorFigures> {
  const bed = await layAgents({ codex, claude }, timed);
  const host = await openTestHost({
    directory: bed.ground.repository,
    cache: join(bed.ground.root, 'cache'),
    environment: bed.environment,
    executorSettings: bed.executorSettings,
  });
  try {
    return {
      codex: await beyond(host, bed.ground, 'codex'),
      claude: await beyond(host, bed.ground, 'claude'),
      cancels: await cancels(host),
    };
  } finally {
    await host.close();
    await bed.close();
  }
}

const [codex, claude] = await Promise.all([installed('codex'), installed('claude')]);
const missing = [codex, claude].find((one) => !one.ok);
const said =
  codex.ok && claude.ok
    ? await measure(codex.value, claude.value)
    : { missing: missing?.ok === false ? missing.error.message : '' };
writeFileSync(1, `${JSON.stringify(said)}\n`);
