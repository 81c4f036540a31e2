import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { err, ok, type Result } from '../../src/base/result.ts';
import { cached } from './cache.ts';
import { onPath, runNpm, runProgram } from './program.ts';

const CHROMIUM_PACKAGE = '153.0.0';
const INSTALL_MS = 5 * 60_000;
const ANSWER_MS = 20_000;

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'chrome'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** The path of a Chromium: one that is here, else Debian's, else the one from npm; or why there is none. */
export async function chromium(): Promise<Result<string, string>> {
  const here = await installed();
  if (here !== undefined) return ok(here);
  const debian = await fromDebian();
  if (debian.ok) return debian;
  const npm = await fromNpm();
  if (npm.ok) return npm;
  return err(`there is no Chromium on PATH; ${debian.error}; ${npm.error}`);
}

async function installed(): Promise<string | undefined> {
  const paths = [...names.flatMap((name) => onPath(name) ?? []), ...elsewhere.filter((path) => existsSync(path))];
  for (const path of paths) if (await answers(path)) return path;
  return undefined;
}

/** Some distributions have a `chromium` that only says how to get one. On Windows the question would open a window. */
async function answers(path: string): Promise<boolean> {
  return process.platform === 'win32' || (await runProgram(path, ['--version'], { timeoutMs: ANSWER_MS })).ok;
}

async function fromDebian(): Promise<Result<string, string>> {
  const apt = onPath('apt-get');
  if (apt === undefined || process.getuid?.() !== 0) return err('apt-get needs root');
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: INSTALL_MS };
  await runProgram(apt, ['update', '-qq'], options);
  const done = await runProgram(apt, ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  if (!done.ok) return err(`apt-get could not install it: ${done.error}`);
  const path = await installed();
  return path === undefined ? err('apt-get installed no chromium that runs') : ok(path);
}

/** @sparticuz/chromium carries a headless build for Linux, packed; it unpacks itself into the temporary folder it is told. */
async function fromNpm(): Promise<Result<string, string>> {
  if (process.platform !== 'linux') return err('the one from npm is for Linux: install Chrome, Edge or Chromium');
  const directory = await cached(`sparticuz-chromium-${CHROMIUM_PACKAGE}`, async (root) => {
    await writeFile(join(root, 'package.json'), '{"private":true,"type":"module"}');
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];
    const options = { cwd: root, timeoutMs: INSTALL_MS };
    const done = await runNpm([...args, `@sparticuz/chromium@${CHROMIUM_PACKAGE}`], options);
    if (!done.ok) return done;
    const unpacked = join(root, 'unpacked');
    await mkdir(unpacked);
    const script = `import c from '@sparticuz/chromium'; console.log(await c.executablePath())`;
    const env = { ...process.env, TMPDIR: unpacked };
    const path = await runProgram(process.execPath, ['--input-type=module', '-e', script], { ...options, env });
    if (!path.ok) return path;
    const executable = path.value.trim();
    const version = await runProgram(executable, ['--version'], { timeoutMs: ANSWER_MS });
    if (!version.ok) return version;
    await writeFile(join(root, 'executable'), relative(root, executable));
    return ok(executable);
  });
  if (!directory.ok) return err(`@sparticuz/chromium cannot be used: ${directory.error}`);
  return ok(join(directory.value, await readFile(join(directory.value, 'executable'), 'utf8')));
}
