// The last step of `npm start`, behind the demonstration: a window on its sample. It never makes `npm start` fail.
import { join, resolve } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { err, messageOf, ok, type Result } from '../../src/base/result.ts';
import { desktop } from '../editor/edition.ts';
import { openDesktopWindow } from './desktopWindow.ts';

const LONGEST_FETCH_MS = 5 * 60_000;
const root = resolve(import.meta.dirname, '..', '..');
const write = (text: string): void => void process.stdout.write(text);

async function fetchEditor(): Promise<Result<string, string>> {
  const edition = await Promise.race([
    desktop(),
    systemClock.pause(LONGEST_FETCH_MS).then(() => err('VS Code takes too long to come')),
  ]);
  return edition.ok ? ok(edition.value.executable) : edition;
}

openDesktopWindow({
  root,
  repository: join(root, '.sample', 'repo'),
  shownAs: '.sample/repo',
  data: join(root, '.sample', 'editor'),
  environment: process.env,
  platform: process.platform,
  fetchEditor,
  write,
})
  .catch((thrown: unknown) => write(`\nNo editor is opened: ${messageOf(thrown)}.\n`))
  // A fetch that hangs must not.
  .finally(() => process.exit(0));
