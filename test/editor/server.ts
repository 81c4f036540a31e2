import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { launch, type Child } from '../../src/process/launch.ts';
import { MARK } from '../../src/process/mark.ts';
import { endTree } from '../../src/process/tree.ts';
import type { ServerEdition } from './edition.ts';
import { runProgram } from './program.ts';
import { until } from './until.ts';

const INSTALL_MS = 60_000;
const START_MS = 30_000;

export interface ServerOptions {
  /** For the server and its extension hosts, over a clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether all folders are trusted; true where it is not said. Otherwise they open in restricted mode, without a question
   * unless `security.workspace.trust.startupPrompt` says so.
   */
  readonly trustsAll?: boolean;
  /** For tests inside the extension host: dialogs confirm themselves then, and toasts are not shown. */
  readonly smokeTestDriver?: boolean;
  /** What a page must know to get in; without one, everybody on this machine gets in. */
  readonly token?: string;
}

/** The browser edition, listening on loopback. */
export interface Server {
  readonly child: Child;
  readonly port: number;
  printed(): string;
  /** Ends it with its extension hosts, terminals and whatever else came of it. Throws where something stays. */
  close(): Promise<void>;
}

/** Installs a packaged extension into the editor whose data is in `directory`. */
export async function installExtension(server: ServerEdition, directory: string, vsix: string): Promise<void> {
  const args = [server.main, ...placesIn(directory), '--install-extension', vsix, '--force'];
  const done = await runProgram(process.execPath, args, { env: environmentIn(directory), timeoutMs: INSTALL_MS });
  if (!done.ok || !done.value.includes('successfully installed')) {
    throw new Error(`VS Code did not install ${vsix}: ${done.ok ? done.value : done.error}`);
  }
}

/** Starts the browser edition on a free port; server, user data, extensions and home are in `directory`. */
export async function startServer(server: ServerEdition, directory: string, options: ServerOptions): Promise<Server> {
  const mark = `editor/${randomUUID()}`;
  const launched = await launch({
    file: process.execPath,
    args: [server.main, '--host', '127.0.0.1', '--port', '0', ...flagsOf(options), ...placesIn(directory)],
    cwd: directory,
    env: { ...environmentIn(directory), ...options.env, [MARK]: mark },
  });
  if (!launched.ok) throw new Error(launched.error.message);
  const child = launched.value;
  let printed = '';
  const hear = (chunk: Buffer): void => void (printed = (printed + chunk.toString()).slice(-100_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const close = async (): Promise<void> => {
    const left = await endTree({ leader: child.pid, ...child, mark }, systemClock);
    if (left.length > 0) throw new Error(`these processes of VS Code do not end: ${left.join(', ')}`);
  };
  try {
    const port = await until('VS Code to listen', () => listening(printed, child), START_MS);
    return { child, port, printed: () => printed, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function flagsOf({ trustsAll = true, smokeTestDriver = false, token }: ServerOptions): readonly string[] {
  return [
    ...(token === undefined ? ['--without-connection-token'] : ['--connection-token', token]),
    '--accept-server-license-terms',
    '--disable-telemetry',
    // An extension host whose window vanished is waited for so many seconds; the default is three hours.
    '--reconnection-grace-time',
    '5',
    ...(trustsAll ? ['--disable-workspace-trust'] : []),
    ...(smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
  ];
}

function placesIn(directory: string): readonly string[] {
  const places = { 'server-data-dir': 'server', 'user-data-dir': 'user', 'extensions-dir': 'extensions' };
  return Object.entries(places).flatMap(([flag, name]) => [`--${flag}`, join(directory, name)]);
}

function listening(printed: string, child: Child): number | undefined {
  if (child.hasExited()) throw new Error(`VS Code ended at its start: ${printed.slice(-2000)}`);
  const port = /Extension host agent listening on (\d+)/.exec(printed)?.[1];
  return port === undefined || !printed.includes('Web UI available') ? undefined : Number(port);
}

const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'ComSpec', 'PATHEXT', 'DISPLAY'];

/** What a person's session would have, with a home of its own in `directory`, and nothing of whoever started this. */
export function environmentIn(directory: string): Record<string, string> {
  const home = join(directory, 'home');
  const kept = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const own = { HOME: home, USERPROFILE: home, SHELL: '/bin/sh', EXTENSIONS_GALLERY: '{}' };
  return { ...Object.fromEntries(kept), ...own };
}
