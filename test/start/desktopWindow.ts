import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { messageOf, type Result } from '../../src/base/result.ts';
import { onPath } from '../editor/program.ts';

export interface DesktopOptions {
  /** The folder of the extension. */
  readonly root: string;
  readonly repository: string;
  /** How the output names `repository`. */
  readonly shownAs: string;
  /** Where an editor of our own keeps its data. */
  readonly data: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** The executable of a VS Code that was fetched; or why there is none. */
  readonly fetchEditor: () => Promise<Result<string, string>>;
  readonly write: (text: string) => void;
}

interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** Opens a window on the repository with the extension of `root` in it, and leaves it alone; or says why there is none. */
export async function openDesktopWindow(options: DesktopOptions): Promise<void> {
  const { environment, platform, shownAs, write } = options;
  const instead = 'For the same in a browser: npm run start:web\n';
  const hindrance = hindranceOf(environment, platform);
  if (hindrance !== undefined) {
    write(`\nNo editor is opened: ${hindrance}. ${instead}`);
    return;
  }
  const found = await findEditor(options);
  const failure = found.ok ? await start(found.value, environment, platform) : found.error;
  write(
    failure === undefined
      ? `\nVS Code is opened on ${shownAs} with the extension: its jobs are behind the relay's icon in the activity bar.\n`
      : `\nNo editor is opened: ${failure}. ${instead}`,
  );
}

/** Why no window is opened here, whatever editor there is. */
function hindranceOf(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  const isSet = (name: string): boolean => !['', 'false', '0'].includes(environment[name] ?? '');
  if (isSet('CI')) return 'this is a build machine (CI is set)';
  if (platform === 'linux' && !isSet('DISPLAY') && !isSet('WAYLAND_DISPLAY')) {
    return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)';
  }
  return undefined;
}

/** The user's own editor where there is one; else one that is fetched, with data of its own. */
async function findEditor(options: DesktopOptions): Promise<Result<Program, string>> {
  const { root, repository, data, environment, platform, fetchEditor, write } = options;
  const args = ['--new-window', `--extensionDevelopmentPath=${root}`, repository];
  const code = onPath('code', environment);
  if (code !== undefined) return { ok: true, value: { file: code, args } };
  write('\n"code" is not on PATH: looking for a VS Code that can be fetched …\n');
  const fetched = await fetchEditor();
  if (!fetched.ok) return { ok: false, error: `"code" is not on PATH, and ${fetched.error}` };
  const own = [`--user-data-dir=${join(data, 'user')}`, `--extensions-dir=${join(data, 'extensions')}`];
  // Chromium's sandbox refuses root.
  const unboxed = platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return {
    ok: true,
    value: { file: fetched.value, args: [...own, ...unboxed, '--skip-welcome', '--disable-workspace-trust', ...args] },
  };
}

/** What went wrong; undefined where it runs. It outlives us: nobody waits for it. */
function start(
  { file, args }: Program,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  // An editor that inherits what npm tells its scripts would pass it on to every terminal in it.
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !/^npm_/i.test(name)));
  // `code` is a batch file on Windows, which only a shell runs.
  const isBatch = platform === 'win32' && file.endsWith('.cmd');
  const [program, words] = isBatch ? [`"${file}"`, args.map((arg) => `"${arg}"`)] : [file, args];
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, shell: isBatch, detached: true, stdio: 'ignore', windowsHide: true });
    child.once('error', (error) => resolve(`${file} does not start (${messageOf(error)})`));
    child.once('spawn', () => {
      child.unref();
      resolve(undefined);
    });
  });
}
