import { ok, err, type Result } from '../base/result.ts';
import { join } from '../guest/join.ts';
import { locate, openHost, type Host, type HostOptions } from '../host.ts';
import { failureOf, JOIN_AGAIN_MS, JOIN_WITHIN_MS } from './connection.ts';
import type { CliContext, Command } from './context.ts';
import { environmentNames } from '../process/environmentNames.ts';
import { executorsFile } from './executorsFile.ts';
import { badInput, relayFailed, type CliFailure } from './failure.ts';
import { directoryOf, parseOptions, wholeNumber } from './options.ts';
import { webhookSecretIn } from './webhookSecret.ts';
import { pluginsIn } from './plugin.ts';
import { policyOf, policyOptions } from './policy.ts';

export const serve: Command = {
  name: 'serve',
  usage:
    'serve [--repo DIR] [--port N] [--allow-commands] [--concurrency N] [--env NAME]… [--executors FILE] [--plugin FILE]… [--protect G]… [--lift G]… [--max-patch BYTES] [--max-files N] [--max-file BYTES] [--webhook-secret-file FILE] [--idle-exit SECONDS]',
  async run(context) {
    const parsed = parseOptions(
      context,
      {
        port: { type: 'string' },
        'allow-commands': { type: 'boolean' },
        concurrency: { type: 'string' },
        env: { type: 'string', multiple: true },
        'idle-exit': { type: 'string' },
        executors: { type: 'string' },
        'webhook-secret-file': { type: 'string' },
        plugin: { type: 'string', multiple: true },
        ...policyOptions,
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
    const policy = policyOf(values);
    if (!policy.ok) return policy;
    const settings = await executorsFile(context, values.executors);
    if (!settings.ok) return settings;
    const names = [...(values.env ?? []), ...settings.value.environment];
    const [refused] = environmentNames(names).refused;
    if (refused !== undefined) return err(badInput(`--env: ${refused}`));
    const secret = await webhookSecretIn(context, values['webhook-secret-file']);
    if (!secret.ok) return secret;
    const plugins = await pluginsIn(values.plugin ?? [], context);
    if (!plugins.ok) return plugins;
    const opened = await becomeHost(context, {
      ...context,
      directory: directoryOf(context, values.repo),
      ...(values.data === undefined ? {} : { data: values.data }),
      mode: 'run',
      ...(port.value === undefined ? {} : { port: port.value }),
      ...(concurrency.value === undefined ? {} : { concurrency: concurrency.value }),
      hostPolicy: () => policy.value,
      environmentNames: () => names,
      executorSettings: () => settings.value.settings,
      plugins: plugins.value,
      webhookSecret: () => Promise.resolve(secret.value),
      agentCommands: values['allow-commands'] === true ? 'allow' : 'refuse',
    });
    return opened.ok ? run(context, opened.value, idle.value) : opened;
  },
};

/** Another command line may have the record for a moment, to look; a host that lives has it for good. */
async function becomeHost({ clock, log }: CliContext, options: HostOptions): Promise<Result<Host, CliFailure>> {
  const end = clock.monotonic() + JOIN_WITHIN_MS;
  for (;;) {
    const opened = await openHost(options);
    if (opened.ok) return opened;
    if (opened.error.kind !== 'held') return err(failureOf(opened.error));
    const located = await locate(options.directory, options.data, options.environment);
    if (!located.ok) return err(failureOf(located.error));
    const { record } = located.value.places;
    const other = await join(record, clock, log);
    other?.dispose();
    if (other !== undefined) {
      return err(
        relayFailed(
          `This repository has a host already, whose address is in "${record}/host.json": use it, or end it.`,
        ),
      );
    }
    if (clock.monotonic() > end) return err(relayFailed(`${opened.error.message}. End that process, or wait.`));
    await clock.pause(JOIN_AGAIN_MS);
  }
}

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
      // Who has just looked whether this host lives is about to call it.
      busyAt = Math.max(busyAt, host.calledAt() ?? 0);
      if (host.visitors() > 0 || (activity.ok && activity.value.live > 0)) busyAt = clock.monotonic();
      if (clock.monotonic() - busyAt >= ms) resolve();
      else clock.after(Math.min(ms, 1000), () => void look());
    };
    void look();
  });
}
