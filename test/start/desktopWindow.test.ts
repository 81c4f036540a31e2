import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { err, ok, type Result } from '../../src/base/result.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { until } from '../editor/until.ts';
import { openDesktopWindow } from './desktopWindow.ts';

let directory: string;
let said: string;
beforeEach(() => {
  directory = temporaryDirectory();
  said = '';
});
afterEach(() => removeDirectory(directory));

/** An editor that notes what it was started with, a line each, and stays for ever as far as its starter can tell. */
function fakeEditor(name: string): string {
  const notes = join(directory, 'notes');
  const file = join(directory, name);
  const script = `#!/bin/sh\n{ for word; do echo "$word"; done; env | grep -c '^npm_'; } > ${notes}.part\nmv ${notes}.part ${notes}\n`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

/** What the editor was started with, once it was. */
async function started(): Promise<readonly string[]> {
  const notes = join(directory, 'notes');
  await until('the editor', () => existsSync(notes));
  return readFileSync(notes, 'utf8').trimEnd().split('\n');
}

function open(
  environment: NodeJS.ProcessEnv,
  fetchEditor: () => Promise<Result<string, string>> = () => Promise.resolve(err('nothing can be fetched')),
): Promise<void> {
  return openDesktopWindow({
    root: '/the/extension',
    repository: '/the/sample',
    shownAs: 'sample',
    data: join(directory, 'data'),
    environment: { npm_lifecycle_event: 'start', ...environment },
    platform: 'linux',
    fetchEditor,
    write: (text) => void (said += text),
  });
}

const tools = '/usr/bin:/bin';

it("opens the user's own editor on the sample, with the extension", async () => {
  fakeEditor('code');
  await open({ PATH: `${directory}:${tools}`, DISPLAY: ':0' });
  expect(await started()).toEqual(['--new-window', '--extensionDevelopmentPath=/the/extension', '/the/sample', '0']);
  expect(said).toContain('VS Code is opened on sample with the extension');
});

it('opens one that was fetched, with data of its own, where there is no other', async () => {
  const fetched = fakeEditor('fetched');
  await open({ PATH: tools, WAYLAND_DISPLAY: 'wayland-0' }, () => Promise.resolve(ok(fetched)));
  const words = await started();
  expect(words).toContain(`--user-data-dir=${join(directory, 'data', 'user')}`);
  expect(words.slice(-4)).toEqual(['--new-window', '--extensionDevelopmentPath=/the/extension', '/the/sample', '0']);
});

it('says why none is opened, and what to do instead', async () => {
  fakeEditor('code');
  const path = `${directory}:${tools}`;
  await open({ PATH: path });
  await open({ PATH: path, DISPLAY: ':0', CI: 'true' });
  await open({ PATH: tools, DISPLAY: ':0' });
  expect(said.match(/^No editor is opened: .*$/gm)).toEqual([
    'No editor is opened: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). For the same in a browser: npm run start:web',
    'No editor is opened: this is a build machine (CI is set). For the same in a browser: npm run start:web',
    'No editor is opened: "code" is not on PATH, and nothing can be fetched. For the same in a browser: npm run start:web',
  ]);
  expect(existsSync(join(directory, 'notes'))).toBe(false);
});

it('is no failure where the editor cannot be started', async () => {
  writeFileSync(join(directory, 'code'), 'not a program', { mode: 0o644 });
  await open({ PATH: `${directory}:${tools}`, DISPLAY: ':0' });
  expect(said).toContain(`No editor is opened: ${join(directory, 'code')} does not start`);
});
