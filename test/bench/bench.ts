import { checksCost, checksTasks } from './checksCost.ts';
import { jobCost } from './jobCost.ts';
import { delivery } from './delivery.ts';
import { durableSubmit } from './durableSubmit.ts';
import { drift } from './drift.ts';
import { latency } from './latency.ts';
import { queue } from './queue.ts';
import { editor } from './editor.ts';
import { executors } from './executors.ts';
import { tenThousand, tenThousandTasks } from './tenThousand.ts';
import { childOf } from './child.ts';
import { machine, table, type Row } from './row.ts';

/** What `npm run bench` measures, in its order; `node dist/bench.cjs NAME…` measures those alone. */
const measurements: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  'job-cost': jobCost,
  'checks-cost': checksCost,
  delivery,
  'durable-submit': durableSubmit,
  latency,
  queue,
  'ten-thousand': tenThousand,
  executors,
  drift,
  editor,
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in measurements));
  if (unknown.length > 0) {
    process.stderr.write(
      `no measurement "${unknown.join(', ')}"; there are: ${Object.keys(measurements).join(', ')}\n`,
    );
    return 2;
  }
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(measurements)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stderr.write(`${name} …\n`);
    rows.push(...(await measure()));
  }
  const missed = rows.filter(({ verdict }) => verdict === 'MISSED').length;
  const sum = `${rows.filter(({ verdict }) => verdict === 'ok').length} ok, ${missed} missed`;
  process.stdout.write(`${table(rows)}\n\n${machine()}\n${sum}\n`);
  return missed === 0 ? 0 : 1;
}

const args = process.argv.slice(2);
const run = childOf(args, { ...tenThousandTasks, ...checksTasks }) ?? (() => main(args));
void run().then((code) => (process.exitCode = code));
