import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { submitTask } from './submitTask.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');

/** Thirty lines, with others in the place of some. */
function lines(others: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: 30 }, (_, at) => `${others[at + 1] ?? `line ${String(at + 1)}`}\n`).join('');
}

/** Three hunks of a.txt, and a new file. */
const CHANGE = 'sed -i "2s/.*/two/; 15s/.*/fifteen/; 29s/.*/twenty-nine/" a.txt; echo new > n.txt';
const CHANGED = { 2: 'two', 15: 'fifteen', 29: 'twenty-nine' };

/** Without the details of rows, which are labels as well. */
function parts(labels: readonly string[]): readonly string[] {
  return labels.filter((label) => label.startsWith('@@') || label === 'n.txt');
}

describeInEditor('deliveries in the editor', (start) => {
  const directory = temporaryDirectory();
  const folder = join(directory, 'sample');
  let window: Window;
  let first: string;

  beforeAll(async () => {
    const vsix = join(directory, 'relay.vsix');
    makeRepository(folder, { 'a.txt': lines(), 'b.txt': 'b\n', 'c.txt': 'one\ntwo\nthree\n' });
    git(folder, 'config', 'user.name', 'Ada');
    git(folder, 'config', 'user.email', 'ada@example.org');
    first = git(folder, 'rev-parse', 'HEAD').trim();
    await packageExtension(root, vsix);
    const editor = await start({ vsix: [vsix], theme: 'light', size: { width: 1440, height: 900 } });
    window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
    await window.widenSideBar(280);
  });
  afterEach(async () => {
    await window.editors.closeAll();
    await window.toasts.clearAll();
    git(folder, 'reset', '-q', '--hard', first);
    git(folder, 'clean', '-q', '-ffd');
  });
  afterAll(() => removeDirectory(directory));

  const read = (path = 'a.txt'): string => readFileSync(join(folder, path), 'utf8');
  const row = (title: string) => window.tree('Jobs').row(title);
  const made = async (title: string, command: string): Promise<void> => {
    await submitTask(window, { title, command });
    await row(title).describedAs(/^SUCCEEDED/);
  };

  it('apply chosen hunks, then one file, then the rest; and one undo takes all back', async () => {
    const { quickInput, toasts } = window;
    await made('Three places', CHANGE);
    await row('Three places').choose('Apply Chosen…');
    await quickInput.shown('Apply Chosen: Three places');
    const hunks = await until('four parts', async () => {
      const shown = parts(await quickInput.picks());
      return shown.length === 4 && shown;
    });
    expect(hunks[3]).toBe('n.txt');
    expect(parts(await quickInput.checked())).toEqual(hunks);
    await quickInput.toggle(hunks[1] ?? '');
    await quickInput.toggle('n.txt');
    await window.screenshot('apply-chosen');
    await quickInput.accept();
    expect(await toasts.shown('Applied 1 file')).toContain('The patch is applied in part.');
    expect(read()).toBe(lines({ 2: 'two', 29: 'twenty-nine' }));
    expect(existsSync(join(folder, 'n.txt'))).toBe(false);
    await row('Three places').describedAs(/^SUCCEEDED · applied in part · command/);
    expect(await row('Three places').accessibleName()).toContain('applied in part');
    await window.screenshot('applied-in-part');
    await toasts.clear('Applied 1 file');

    await row('Three places').choose('Apply Chosen…');
    await quickInput.shown('Apply Chosen: Three places');
    await until('what is left', async () => parts(await quickInput.checked()).length === 2);
    await window.screenshot('apply-chosen-again');
    await quickInput.cancel();

    await row('Three places').expand();
    await row('n.txt').choose('Apply This File');
    await toasts.shown('Applied 1 file');
    expect(read('n.txt')).toBe('new\n');
    await toasts.press('Applied 1 file', 'Apply the Rest');
    await row('Three places').describedAs(/^SUCCEEDED · applied · command/);
    expect(read()).toBe(lines(CHANGED));
    await toasts.clearAll();
    await row('Three places').action('Undo Apply');
    await toasts.shown('Undone: 2 files are as before.');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await row('Three places').collapse();
  });

  it('are undone in the editor as well, and then by the relay', async () => {
    await window.editors.openFile('a.txt');
    await window.editors.showsLine('line 2');
    await row('Three places').action('Apply Patch');
    await window.toasts.shown('Applied 2 files');
    await window.editors.showsLine('two');
    await window.editors.focusText();
    await window.press('ControlOrMeta+Z');
    await until('the text as before', async () => (await window.editors.lines())[1] === 'line 2');
    expect(await window.editors.isDirty()).toBe(true);
    await window.press('ControlOrMeta+S');
    await until('the file as before', () => read() === lines());
    await row('Three places').action('Undo Apply');
    await window.toasts.shown('Undone: 2 files are as before.');
    expect(existsSync(join(folder, 'n.txt'))).toBe(false);
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  it('go onto a dirty tree, and are blocked by a dirty file of theirs alone', async () => {
    const { dialog, toasts } = window;
    write(folder, { 'b.txt': 'mine\n', 'c.txt': 'mine too\n' });
    await window.editors.openFile('b.txt');
    await window.editors.focusText();
    await window.page.keyboard.type('unsaved ');
    await row('Three places').action('Apply Patch');
    await toasts.shown('Applied 2 files');
    await row('Three places').action('Undo Apply');
    await toasts.shown('Undone');
    await toasts.clearAll();
    expect(read('b.txt')).toBe('mine\n');

    await window.editors.openFile('a.txt');
    await window.editors.focusText();
    await window.page.keyboard.type('mine ');
    await window.press('ControlOrMeta+S');
    await row('Three places').describedAs(/^SUCCEEDED · 1 file has uncommitted changes · command/);
    await window.screenshot('drift-dirty');
    await row('Three places').tells('Uncommitted: a.txt');
    const before = read();
    await row('Three places').action('Apply Patch');
    const said = await dialog.shown();
    expect(said).toContain('Nothing was written.');
    expect(said).toContain('a.txt: you have uncommitted changes here: commit or stash them');
    expect(said).toContain('n.txt: applies cleanly');
    await window.screenshot('apply-blocked');
    await dialog.cancel();
    expect(read()).toBe(before);
    expect(existsSync(join(folder, 'n.txt'))).toBe(false);
    await window.editors.openFile('b.txt');
    await window.runCommand('File: Revert File');
    await until('the file as it is on disk', async () => !(await window.editors.isDirty()));
  });

  it('tell how a patch stands as commits land, and merge onto a HEAD that has moved', async () => {
    const { dialog, toasts } = window;
    await row('Three places').describedAs(/^SUCCEEDED · command/);
    write(folder, { 'a.txt': lines({ 22: 'theirs' }) });
    commit(folder);
    await row('Three places').describedAs(/^SUCCEEDED · merges with HEAD · command/);
    await window.screenshot('drift-merges');
    await row('Three places').action('Apply Patch');
    const said = await dialog.shown();
    expect(said).toContain('It was proven on its baseline, not on HEAD.');
    expect(said).toContain('a.txt: is merged with what HEAD has');
    await window.screenshot('apply-merged');
    await dialog.press('Merge and Apply');
    await toasts.shown('Applied 2 files');
    expect(read()).toBe(lines({ ...CHANGED, 22: 'theirs' }));
    await row('Three places').action('Undo Apply');
    await toasts.shown('Undone: 2 files are as before.');
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  it('offer a rebase where a commit is in the way', async () => {
    write(folder, { 'a.txt': lines({ 15: 'theirs' }) });
    commit(folder);
    await row('Three places').describedAs(/^SUCCEEDED · conflicts with HEAD · command/);
    expect(await row('Three places').accessibleName()).toContain('conflicts with HEAD');
    await row('Three places').action('Apply Patch');
    expect(await window.dialog.shown()).toContain('a.txt: ');
    await window.screenshot('apply-conflict');
    await window.dialog.cancel();
    expect(await row('Three places').actions()).toContain('Rebase Job');
    await window.screenshot('drift-conflict');
    await row('Three places').action('Rebase Job');
    await until('both', async () => (await window.tree('Jobs').labels()).length === 2);
    await row('Three places').describedAs(/^SUCCEEDED · command/);
    await row('Three places').tells('Rebase of: Three places');
    await row('Three places').choose('Delete Job');
    await until('one', async () => (await window.tree('Jobs').labels()).length === 1);
  });

  it('become a commit on a branch of their own', async () => {
    const { toasts } = window;
    await made('On a branch', 'echo more >> b.txt');
    await row('On a branch').choose('Apply to New Branch');
    const said = await toasts.shown('is a commit on the new branch');
    const name = /relay\/[\w-]+/.exec(said)?.[0] ?? '';
    expect(git(folder, 'show', `${name}:b.txt`)).toBe('b\nmore');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await row('On a branch').describedAs(new RegExp(`^SUCCEEDED · on ${name} · command`));
    await window.screenshot('on-a-branch');
    const home = git(folder, 'branch', '--show-current').trim();
    await toasts.press('is a commit on the new branch', 'Check Out');
    await until('the branch', () => git(folder, 'branch', '--show-current').trim() === name);
    git(folder, 'checkout', '-q', home);
    await row('On a branch').action('Undo Apply');
    await toasts.shown(`Undone: the branch "${name}" is gone.`);
    expect(git(folder, 'branch', '--list', name)).toBe('');
  });

  it('are pushed for a pull request, once the patch is out of the tree', async () => {
    const { dialog, toasts } = window;
    const remote = join(directory, 'remote.git');
    git(directory, 'init', '-q', '--bare', remote);
    git(folder, 'remote', 'add', 'origin', remote);
    await row('On a branch').action('Apply Patch');
    await toasts.shown('Applied 1 file');
    // No more than three are shown at once.
    await toasts.clearAll();
    await row('On a branch').choose('Create Pull Request');
    expect(await dialog.shown()).toContain('A pull request needs it on a branch.');
    await window.screenshot('pull-request-undo-first');
    await dialog.press('Undo and Continue');
    const said = await toasts.shown('Pushed "relay/');
    expect(said).toMatch(
      /to "origin"\. (?:No pull request was opened, because there is no gh|gh opened no pull request)/,
    );
    const name = /relay\/[\w-]+/.exec(said)?.[0] ?? '';
    expect(git(remote, 'show', `${name}:b.txt`)).toBe('b\nmore');
    expect(read('b.txt')).toBe('b\n');
    await window.screenshot('pull-request-without-gh');
    await toasts.clearAll();
    await row('On a branch').action('Undo Apply');
    await toasts.shown('Undone: the branch');
  });

  it('are planned, and applied in that order up to the first that does not go', async () => {
    const { dialog, toasts, page } = window;
    await made('Left', 'sed -i "2s/.*/left/" c.txt');
    await made('Right', 'sed -i "2s/.*/right/" c.txt');
    await window.runCommand('Relay: Plan Apply Order');
    await toasts.shown('3 of 4 patches apply in this order.');
    await window.editors.inFront('apply-order.md');
    const plan = await window.webview();
    await plan.shows('These do not fit together');
    const text = await plan.text();
    expect(text).toContain('Left and Right: c.txt');
    expect(text).toMatch(/These are left\s+Right: It does not fit together with Left\./);
    await window.screenshot('plan');
    await toasts.clearAll();
    await window.editors.titleAction('Apply in This Order');
    await toasts.shown('Applied 3 patches in order.');
    expect(read('c.txt')).toBe('one\nleft\nthree\n');
    expect(read('b.txt')).toBe('b\nmore\n');
    for (const title of ['Left', 'On a branch', 'Three places']) {
      await row(title).action('Undo Apply');
      await row(title).describedAs(/^SUCCEEDED · command/);
    }
    await until('all as before', () => git(folder, 'status', '--porcelain') === '');

    write(folder, { 'c.txt': 'mine\n' });
    await row('Left').click();
    await page.keyboard.down('Control');
    await row('On a branch').click();
    await page.keyboard.up('Control');
    await row('On a branch').choose('Plan Apply Order');
    await toasts.shown('2 of 2 patches apply in this order.');
    await toasts.press('2 of 2 patches', 'Apply in This Order');
    const said = await dialog.shown();
    expect(said).toMatch(/Applied 1 of 2 patches; "Left" did not go\./);
    expect(said).toContain('c.txt: you have uncommitted changes here');
    await window.screenshot('plan-stopped');
    await dialog.cancel();
    expect(read('c.txt')).toBe('mine\n');
    git(folder, 'checkout', '--', 'c.txt');
    await row('On a branch').describedAs(/ applied /);
    await row('On a branch').action('Undo Apply');
    await until('all as before', () => git(folder, 'status', '--porcelain') === '');
  });

  it('lead to a follow-up, which tells what it goes on from', async () => {
    const { quickInput } = window;
    await row('Left').choose('Follow Up…');
    await quickInput.shown('Follow Up: Left (1/4)');
    await quickInput.type('Further left');
    await quickInput.accept();
    await quickInput.shown('Follow Up: Left (2/4)');
    await quickInput.accept();
    await quickInput.shown('Follow Up: Left (3/4)');
    await quickInput.settled();
    await until('what each will know', async () =>
      (await quickInput.picks()).some((one) => one.includes('begins a thread of its own')),
    );
    await window.screenshot('follow-up-executor');
    await quickInput.pick('command');
    await quickInput.shown('Follow Up: Left (4/4)');
    await quickInput.type('grep -q left c.txt && echo further >> c.txt');
    await quickInput.accept();
    await quickInput.gone();
    await row('Further left').describedAs(/^SUCCEEDED/);
    await row('Further left').tells('Follow-up of: Left');
    await window.runCommand('Relay: Show Job');
    const page = await window.webview();
    await page.shows('Follow-up of');
    await window.screenshot('follow-up-page');
    await page.locator('vscode-link.parent').click();
    await window.editors.inFront('Left');
    await row('Left').click();
  });

  it('have a secret for their notices, which can be cleared', async () => {
    const { quickInput, toasts } = window;
    await window.runCommand('Relay: Set Webhook Secret');
    await quickInput.shown('Webhook Secret');
    await quickInput.type('between us');
    await window.screenshot('webhook-secret');
    await quickInput.accept();
    await toasts.shown('The webhook secret is set');
    await window.runCommand('Relay: Set Webhook Secret');
    await quickInput.shown('Webhook Secret');
    expect(await quickInput.value()).toBe('');
    await quickInput.accept();
    await toasts.shown('The webhook secret is cleared');
    // A busy machine lets the editor's own extensions take too long before a save.
    expect(window.errors().filter((text) => !text.includes('onWillSaveTextDocument'))).toEqual([]);
  });
});
