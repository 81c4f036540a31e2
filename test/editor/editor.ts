import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { processTable, type ProcessRow } from '../../src/process/processTable.ts';
import type { Means } from './means.ts';
import { runProgram } from './program.ts';
import { environmentIn, installExtension, startServer, type Server, type ServerOptions } from './server.ts';
import { until } from './until.ts';
import { writeUserData, type UserData } from './userData.ts';
import { Window } from './window.ts';

export interface EditorOptions extends UserData, ServerOptions {
  /** Packaged extensions to install, by path. */
  readonly vsix?: readonly string[];
  readonly size?: { readonly width: number; readonly height: number };
}

export type Exposed = Readonly<Record<string, (...parts: readonly unknown[]) => void>>;

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
      for (const path of options.vsix ?? []) await installExtension(means.server, directory, path);
      const [server, browser] = await Promise.all([
        startServer(means.server, directory, options),
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
  const env = environmentIn(directory);
  return chromium.launch({ executablePath: means.chromium, args, env });
}
