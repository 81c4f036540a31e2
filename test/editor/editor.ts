import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { launch, type Child } from '../../src/process/launch.ts';
import { MARK } from '../../src/process/mark.ts';
import { processTable, type ProcessRow } from '../../src/process/processTable.ts';
import { endTree } from '../../src/process/tree.ts';
import type { Means } from './means.ts';
import { runProgram } from './program.ts';
import { until } from './until.ts';
import { writeUserData, type UserData } from './userData.ts';
import { Window } from './window.ts';

export interface EditorOptions extends UserData {
  /** Packaged extensions to install, by path. */
  readonly vsix?: readonly string[];
  /** For the server and its extension hosts, over a clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Whether all folders are trusted; true where it is not said. Otherwise they open in restricted mode, without a question
   * unless `security.workspace.trust.startupPrompt` says so.
   */
  readonly trustsAll?: boolean;
  /** For tests inside the extension host: dialogs confirm themselves then, and toasts are not shown. */
  readonly smokeTestDriver?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
}

export type Exposed = Readonly<Record<string, (...parts: readonly unknown[]) => void>>;

const INSTALL_MS = 60_000;
const START_MS = 30_000;

/**
 * A running VS Code of its own: user data, extensions, home and server in a temporary folder, and one browser. Each window
 * is a page with an extension host of its own. `close` leaves no process and no file.
 */
export class Editor {
  readonly directory: string;
  readonly url: string;
  readonly windows: Window[] = [];
  readonly #server: Server;
  readonly #browser: Browser;
  readonly #context: BrowserContext;

  private constructor(directory: string, server: Server, browser: Browser, context: BrowserContext) {
    this.directory = directory;
    this.url = `http://127.0.0.1:${server.port}`;
    this.#server = server;
    this.#browser = browser;
    this.#context = context;
  }

  static async start(means: Means, options: EditorOptions = {}): Promise<Editor> {
    const directory = await realpath(await mkdtemp(join(tmpdir(), 'relay-editor-')));
    try {
      await mkdir(join(directory, 'home'));
      await writeUserData(join(directory, 'user'), options);
      for (const path of options.vsix ?? []) await installExtension(means, directory, path);
      const [server, browser] = await Promise.all([
        startServer(means, directory, options),
        startBrowser(means, directory),
      ]);
      const context = await browser.newContext({ viewport: options.size ?? { width: 1280, height: 800 } });
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      return new Editor(directory, server, browser, context);
    } catch (thrown) {
      await removeSoon(directory);
      throw thrown;
    }
  }

  /** A window on a folder, on several (a workspace file is made for them), or on none. Resolves when it can be used. */
  async open(...folders: readonly string[]): Promise<Window> {
    const window = await this.openPage(await this.query(folders));
    await window.isReady();
    return window;
  }

  /** A page with this query, which may still be loading; `exposed` are functions that it can call. */
  async openPage(query: URLSearchParams, exposed: Exposed = {}): Promise<Window> {
    const page = await this.#context.newPage();
    for (const [name, call] of Object.entries(exposed)) await page.exposeFunction(name, call);
    const window = new Window(page);
    this.windows.push(window);
    await page.goto(`${this.url}/?${query.toString()}`);
    return window;
  }

  /** The query of a page on these folders; for several, a workspace file is made. */
  async query(folders: readonly string[]): Promise<URLSearchParams> {
    const [first, ...others] = folders;
    if (first === undefined) return new URLSearchParams({ ew: 'true' });
    if (others.length === 0) return new URLSearchParams({ folder: first });
    const workspace = join(this.directory, `${randomUUID().slice(0, 8)}.code-workspace`);
    await writeFile(workspace, JSON.stringify({ folders: folders.map((path) => ({ path })) }));
    return new URLSearchParams({ workspace });
  }

  /** Closes a window and waits until its extension host has ended. */
  async closeWindow(window: Window): Promise<void> {
    // By leaving the page, for which the workbench says farewell; a page that is closed may not get to it.
    await window.page.goto('about:blank');
    await window.page.close();
    this.windows.splice(this.windows.indexOf(window), 1);
    const left = this.windows.length;
    await until('the extension host to end', async () => (await this.extensionHosts()).length <= left);
  }

  /** Gives the user other settings than at the start and reloads all windows: this edition does not watch the file. */
  async changeSettings(user: UserData): Promise<void> {
    await writeUserData(join(this.directory, 'user'), user);
    for (const window of this.windows) await window.reload();
  }

  /** The extension hosts that live now: one a window. */
  async extensionHosts(): Promise<readonly ProcessRow[]> {
    const rows = (await processTable(systemClock)?.rows()) ?? [];
    const children = rows.filter((row) => row.parent === this.#server.child.pid);
    const hosts = await Promise.all(children.map(async (row) => ((await isExtensionHost(row.pid)) ? [row] : [])));
    return hosts.flat();
  }

  /** Ends every extension host at once by force, as when VS Code crashes. */
  async crashExtensionHosts(): Promise<void> {
    for (const { pid } of await this.extensionHosts()) process.kill(pid, 'SIGKILL');
  }

  /** What the server printed last, for a failure's story. */
  log(): string {
    return this.#server.printed();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
    await removeSoon(this.directory);
  }
}

async function isExtensionHost(pid: number): Promise<boolean> {
  const line = await runProgram('ps', ['-o', 'args=', '-p', String(pid)], { timeoutMs: 5000 });
  return line.ok && line.value.includes('--type=extensionHost');
}

/** A process that was just ended may still have written something. */
async function removeSoon(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function startBrowser(means: Means, directory: string): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // Chromium keeps crash reports and caches in the home.
  const env = environment(directory, {});
  return chromium.launch({ executablePath: means.chromium, args, env });
}

interface Server {
  readonly child: Child;
  readonly port: number;
  printed(): string;
  close(): Promise<void>;
}

function directories(directory: string): readonly string[] {
  const places = { 'server-data-dir': 'server', 'user-data-dir': 'user', 'extensions-dir': 'extensions' };
  return Object.entries(places).flatMap(([flag, name]) => [`--${flag}`, join(directory, name)]);
}

async function installExtension(means: Means, directory: string, vsix: string): Promise<void> {
  const args = [means.server.main, ...directories(directory), '--install-extension', vsix, '--force'];
  const env = environment(directory, {});
  const done = await runProgram(process.execPath, args, { env, timeoutMs: INSTALL_MS });
  if (!done.ok || !done.value.includes('successfully installed')) {
    throw new Error(`VS Code did not install ${vsix}: ${done.ok ? done.value : done.error}`);
  }
}

async function startServer(means: Means, directory: string, options: EditorOptions): Promise<Server> {
  const mark = `editor/${randomUUID()}`;
  const flags = ['--without-connection-token', '--accept-server-license-terms', '--disable-telemetry'];
  // An extension host whose window vanished is waited for so many seconds; the default is three hours.
  flags.push('--reconnection-grace-time', '5');
  if (options.trustsAll ?? true) flags.push('--disable-workspace-trust');
  if (options.smokeTestDriver === true) flags.push('--enable-smoke-test-driver');
  const launched = await launch({
    file: process.execPath,
    args: [means.server.main, '--host', '127.0.0.1', '--port', '0', ...flags, ...directories(directory)],
    cwd: directory,
    env: environment(directory, { ...options.env, [MARK]: mark }),
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

function listening(printed: string, child: Child): number | undefined {
  if (child.hasExited()) throw new Error(`VS Code ended at its start: ${printed.slice(-2000)}`);
  const port = /Extension host agent listening on (\d+)/.exec(printed)?.[1];
  return port === undefined || !printed.includes('Web UI available') ? undefined : Number(port);
}

const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'ComSpec', 'PATHEXT', 'DISPLAY'];

/** What a person's session would have, with a home of its own, and nothing of the test runner's. */
function environment(directory: string, more: Readonly<Record<string, string>>): Record<string, string> {
  const home = join(directory, 'home');
  const kept = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const own = { HOME: home, USERPROFILE: home, SHELL: '/bin/sh', EXTENSIONS_GALLERY: '{}' };
  return { ...Object.fromEntries(kept), ...own, ...more };
}
