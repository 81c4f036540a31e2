import { download, SilentReporter } from '@vscode/test-electron';
import { existsSync } from 'node:fs';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { err, messageOf, ok, type Result } from '../../src/base/result.ts';
import { cached } from './cache.ts';
import { runNpm, runProgram } from './program.ts';

/** The version of VS Code that tests run in, and the release of code-server that carries it. */
const VSCODE = '1.139.1';
const CODE_SERVER = '4.139.1';

/** Raised when what is installed changes. */
const INSTALL = 2;
const INSTALL_MS = 5 * 60_000;
/** No answer for so long means that there is none. */
const DOWNLOAD_IDLE_MS = 4000;

/** VS Code as a server: the workbench in a browser, the extension host in Node. */
export interface ServerEdition {
  readonly kind: 'server';
  readonly version: string;
  /** The entry point, to be run by Node 24 or newer. */
  readonly main: string;
}

interface DesktopEdition {
  readonly kind: 'desktop';
  readonly version: string;
  readonly executable: string;
}

/** The browser edition, installed on first use (570 MB, 10 s); or why there is none, for a person. */
export async function serverEdition(): Promise<Result<ServerEdition, string>> {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24) return err(`VS Code ${VSCODE} as a server needs Node 24; this is ${process.versions.node}`);
  const directory = await cached(`code-server-${CODE_SERVER}-${INSTALL}`, installServer);
  if (!directory.ok) return err(`code-server ${CODE_SERVER} could not be installed from npm: ${directory.error}`);
  return ok({ kind: 'server', version: VSCODE, main: join(vscodeIn(directory.value), 'out', 'server-main.js') });
}

function vscodeIn(directory: string): string {
  return join(directory, 'package', 'lib', 'vscode');
}

/** Without scripts nothing is compiled: sqlite3 stays away, which nothing here misses; spdlog and the watchdog get stand-ins. */
async function installServer(directory: string): Promise<Result<unknown, string>> {
  const quick = ['--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];
  const limit = { timeoutMs: INSTALL_MS };
  const spec = `code-server@${CODE_SERVER}`;
  const packed = await runNpm(['pack', spec, '--loglevel=error', '--fetch-retries=1'], { cwd: directory, ...limit });
  if (!packed.ok) return packed;
  const tarball = `code-server-${CODE_SERVER}.tgz`;
  const unpacked = await runProgram('tar', ['-xzf', tarball], { cwd: directory, ...limit });
  if (!unpacked.ok) return unpacked;
  const cwd = vscodeIn(directory);
  // Not `npm ci`: the lock file in the package is off.
  const installed = await runNpm(['install', '--omit=dev', '--ignore-scripts', ...quick], { cwd, ...limit });
  if (!installed.ok) return installed;
  for (const [standIn, name] of Object.entries({ spdlog: 'spdlog', watchdog: 'native-watchdog' })) {
    const from = join(import.meta.dirname, 'standIns', `${standIn}.cjs`);
    await copyFile(from, join(cwd, 'node_modules', '@vscode', name, 'index.js'));
  }
  await rm(join(directory, tarball));
  return existsSync(join(cwd, 'out', 'server-main.js')) ? ok(cwd) : err(`${tarball} has no out/server-main.js`);
}

/** The desktop edition by the conventional way; or, within seconds, why it is out of reach. */
export async function desktop(): Promise<Result<DesktopEdition, string>> {
  const directory = await cached(`desktop-${VSCODE}`, async (cachePath) => {
    try {
      const options = { version: VSCODE, cachePath, reporter: new SilentReporter(), timeout: DOWNLOAD_IDLE_MS };
      const executable = await download(options);
      await writeFile(join(cachePath, 'executable'), relative(cachePath, executable));
      return ok(executable);
    } catch (thrown) {
      return err(messageOf(thrown));
    }
  });
  if (!directory.ok) return err(`VS Code ${VSCODE} for the desktop cannot be downloaded here: ${directory.error}`);
  const executable = join(directory.value, await readFile(join(directory.value, 'executable'), 'utf8'));
  return ok({ kind: 'desktop', version: VSCODE, executable });
}
