import { ok, err, type Result } from '../base/result.ts';
import { openHost, type Host } from '../host.ts';
import type { CliContext, Command } from './context.ts';
import { badInput, relayFailed, type CliFailure } from './failure.ts';
import { directoryOf, parseOptions, wholeNumber } from './options.ts';

export const serve: Command = {
  name: 'serve',
  usage: 'serve [--repo DIR] [--port N] [--allow-commands] [--concurrency N] [--idle-exit SECONDS]',
  async run(context) {
    const parsed = parseOptions(
      context,
      {
        port: { type: 'string' },
        'allow-commands': { type: 'boolean' },
        concurrency: { type: 'string' },
        'idle-exit': { type: 'string' },
      },
      [],
    );
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    const port = wholeNumber('port', values.port, 0, 65_535);
    if (!port.ok) return port;
    const concurrency = wholeNumber('concurrency', values.concurrency, 1, 64);
    if (!concurrency.ok) return concurrency;
    const idle = wholeNumber('idle-exit', values['idle-exit'], 0, 86_400);
    if (!idle.ok) return idle;
    const opened = await openHost({
      ...context,
      directory: directoryOf(context, values.repo),
      ...(values.data === undefined ? {} : { data: values.data }),
      mode: 'run',
      ...(port.value === undefined ? {} : { port: port.value }),
      ...(concurrency.value === undefined ? {} : { concurrency: concurrency.value }),
      allowCommands: values['allow-commands'] === true,
    });
    if (!opened.ok) {
      const { kind, message } = opened.error;
      return err(kind === 'repository' ? badInput(message) : relayFailed(message));
    }
    return run(context, opened.value, idle.value);
  },
};

async function run(context: CliContext, host: Host, idleSeconds: number | undefined): Promise<Result<0, CliFailure>> {
  const { url, token, places } = host;
  context.print(`${JSON.stringify({ event: 'listening', url, token, dataDir: places.record, pid: process.pid })}\n`);
  const idle =
    idleSeconds === undefined ? new Promise<void>(() => undefined) : untilIdle(context, host, idleSeconds * 1000);
  await Promise.race([context.interrupted, idle]);
  await host.close();
  return ok(0);
}

/** Resolves when nothing was under way, and nobody connected, for so long. */
function untilIdle({ clock }: CliContext, host: Host, ms: number): Promise<void> {
  return new Promise((resolve) => {
    let busyAt = clock.monotonic();
    const look = async (): Promise<void> => {
      const activity = await host.relay.activity({});
      if (host.visitors() > 0 || (activity.ok && activity.value.live > 0)) busyAt = clock.monotonic();
      if (clock.monotonic() - busyAt >= ms) resolve();
      else clock.after(Math.min(ms, 1000), () => void look());
    };
    void look();
  });
}
