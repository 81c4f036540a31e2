// A host like `serve --allow-commands`, but for a snapshot every few jobs: argv is the repository and the bytes of journal.
import { systemClock } from '../../src/base/clock.ts';
import { jsonLog } from '../../src/base/log.ts';
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
}).then((opened) => {
  const told = opened.ok ? { url: opened.value.url, token: opened.value.token } : { error: opened.error };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  if (!opened.ok) process.exitCode = 1;
  else process.once('SIGTERM', () => void opened.value.close());
});
