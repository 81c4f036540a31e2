// A host like `serve --allow-commands`, but for a snapshot every few jobs: argv is the repository and the bytes of journal.
import { systemClock } from '../../src/base/clock.ts';
import { jsonLog } from '../../src/base/log.ts';
import { readHostFile } from '../../src/guest/hostFile.ts';
import { openHost } from '../../src/host.ts';

const [, , directory = '', compactAt = ''] = process.argv;

void openHost({
  directory,
  assets: __dirname,
  mode: 'run',
  agentCommands: 'allow',
  compactAt: Number(compactAt),
  version: '0',
  environment: process.env,
  clock: systemClock,
  log: jsonLog(
    (line) => process.stderr.write(line),
    () => systemClock.now(),
    'warn',
  ),
}).then(async (opened) => {
  // What a guest needs.
  const told = opened.ok ? await readHostFile(opened.value.places.record) : { error: opened.error };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  if (!opened.ok) process.exitCode = 1;
  else process.once('SIGTERM', () => void opened.value.close());
});
