import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import type { Editor } from './editor.ts';
import { describeInEditor } from './inEditor.ts';
import { submitTask } from './submitTask.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor('the main job in the editor', (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'relay.vsix');
  const folder = join(directory, 'sample');
  let editor: Editor;
  let window: Window;

  beforeAll(async () => {
    makeRepository(folder, { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'gone soon\n', 'src/deep.txt': 'deep\n' });
    await packageExtension(root, vsix);
    editor = await start({ vsix: [vsix], theme: 'light' });
    window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));
  beforeEach(() => window.editors.closeAll());

  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

  it('offers to submit where there is no job, and nothing that needs one', async () => {
    await window.page.getByText('No jobs yet.').waitFor();
    expect(await window.offersCommand('Relay: Submit Task')).toBe(true);
    expect(await window.offersCommand('Relay: Apply Patch')).toBe(false);
    await window.screenshot('welcome-no-jobs');
  });

  it('asks step by step, says what is missing, and goes back', async () => {
    const { quickInput } = window;
    await window.runCommand('Relay: Submit Task');
    await quickInput.shown('Submit Task (1/6)');
    await quickInput.accept();
    await quickInput.says('Give the task a title.');
    await quickInput.type('A draft');
    await quickInput.accept();
    await quickInput.shown('Submit Task (2/6)');
    await quickInput.back();
    await quickInput.shown('Submit Task (1/6)');
    expect(await quickInput.value()).toBe('A draft');
    await window.screenshot('submit-step');
    await quickInput.cancel();
  });

  it('runs a task to a proven patch, and shows its parts in the tree', async () => {
    await submitTask(window, {
      title: 'Add a fourth line',
      command: "printf 'four\\n' >> a.txt; echo new > c.txt; rm b.txt",
      checks: 'lines=grep -q four a.txt',
    });
    const tree = window.tree('Jobs');
    const row = tree.row('Add a fourth line');
    await row.describedAs(/^SUCCEEDED · command · /);
    expect(await row.icon()).toBe('pass');
    expect(await row.accessibleName()).toContain('Add a fourth line, SUCCEEDED, command');
    await window.activityBar.showsBadge('Task Relay', '1');
    await row.expand();
    const parts = ['a.txt', 'b.txt', 'c.txt', 'bundle', 'scope', 'secrets', 'applies', 'fidelity', 'lines'];
    await tree.shows(
      'Add a fourth line',
      ...[...parts, 'out.md', 'certificate', 'logs.txt'].map((part) => `  ${part}`),
    );
    await window.screenshot('tree-succeeded');
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  it('shows the whole patch in the native multi-file diff, and one file in its own', async () => {
    await window.tree('Jobs').row('Add a fourth line').action('Review Patch');
    const entries = await window.editors.multiDiffUntil('three files', (shown) => shown.length === 3);
    expect(entries.map(({ file, status }) => [file.split(' ')[0], status])).toEqual([
      ['a.txt', ''],
      ['b.txt', 'D'],
      ['c.txt', 'A'],
    ]);
    const [a] = await window.editors.multiDiffUntil(
      'the line',
      (shown) => shown[0]?.inserted.includes('four') === true,
    );
    expect(a?.deleted).toEqual([]);
    await window.screenshot('review-patch');
    await window.tree('Jobs').row('a.txt').click();
    const diff = await window.editors.diff();
    expect(diff.inserted).toEqual(['four']);
    await window.runCommand('Relay: Open patch.diff');
    await window.editors.showsLine('+four');
  });

  it('opens what a check printed, and out.md', async () => {
    const check = window.tree('Jobs').row('lines');
    await check.describedAs(/^pass · fixed · exit 0 on the result; exit 1 twice on the baseline$/);
    await check.click();
    await window.editors.showsLine('pass · fixed');
    await window.editors.showsLine('=== on the baseline, repeated');
    await window.tree('Jobs').row('out.md').click();
    await window.editors.showsLine('# Add a fourth line');
  });

  it('applies the patch to the tree, and undoes it to the byte', async () => {
    const row = window.tree('Jobs').row('Add a fourth line');
    await row.action('Apply Patch');
    expect(await window.toasts.shown('Applied 3 files')).toContain('Applied 3 files of "Add a fourth line".');
    expect(read('a.txt')).toBe('one\ntwo\nthree\nfour\n');
    const changed = git(folder, 'status', '--porcelain')
      .split('\n')
      .map((line) => line.trim());
    expect(changed.filter((line) => line !== '').sort()).toEqual(['?? c.txt', 'D b.txt', 'M a.txt']);
    await window.toasts.clear('Applied 3 files');
    expect(read('a.txt')).toBe('one\ntwo\nthree\nfour\n');
    await row.action('Undo Apply');
    await window.toasts.shown('Undone: 3 files are as before.');
    expect(read('a.txt')).toBe('one\ntwo\nthree\n');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await window.toasts.clear('Undone');
  });

  it('blocks on unsaved changes in a file of the patch, and writes nothing', async () => {
    await window.editors.openFile('a.txt');
    await window.editors.focusText();
    await window.page.keyboard.type('mine ');
    expect(await window.editors.isDirty()).toBe(true);
    await window.tree('Jobs').row('Add a fourth line').action('Apply Patch');
    expect(await window.dialog.shown()).toContain('a.txt');
    await window.screenshot('apply-blocked-unsaved');
    await window.dialog.press('Save and Continue');
    expect(await window.dialog.shown()).toContain('a.txt: you have uncommitted changes here');
    await window.screenshot('apply-blocked-uncommitted');
    await window.dialog.cancel();
    expect(read('a.txt')).toContain('mine ');
    expect(read('b.txt')).toBe('gone soon\n');
    git(folder, 'checkout', '--', '.');
  });

  it('tells why a task failed', async () => {
    await submitTask(window, { title: 'Fails', command: 'echo going; exit 3' });
    const row = window.tree('Jobs').row('Fails');
    await row.describedAs(/^FAILED \(EXECUTOR_ERROR\) · command/);
    expect(await row.icon()).toBe('error');
    await window.runCommand('Relay: Show Job');
    const page = await window.webview();
    await page.shows('FAILED (EXECUTOR_ERROR)');
    await page.shows('The command failed with exit code 3.');
    await window.screenshot('job-page-failed');
  });

  it('follows the log of a job, and cancels it while it runs', async () => {
    await submitTask(window, { title: 'Runs on', command: 'echo begun; while :; do sleep 0.1; done' });
    const row = window.tree('Jobs').row('Runs on');
    await row.describedAs(/^RUNNING · command/);
    await row.action('Show Logs');
    await window.editors.showsLine('stdout | begun');
    await row.action('Cancel Job');
    await row.describedAs(/^CANCELED · command/);
    await window.editors.showsLine('relay  | stopped');
    await window.screenshot('log-canceled');
  });

  it('shows a job on a page of its own, with its checks and its out.md', async () => {
    await window.tree('Jobs').row('Add a fourth line').choose('Show Job');
    const page = await window.webview();
    await page.shows('Add a fourth line');
    await page.shows('git apply --cached accepts the patch on the baseline.');
    await page.shows('pass · fixed');
    await window.screenshot('job-page-succeeded');
    await page.locator('vscode-panel-tab#tab-out').click();
    await page.shows('Changed (3)');
    await page.press('Review Patch');
    await window.editors.inFront('Patch: Add a fourth line (3 files)');
    expect(window.errors()).toEqual([]);
  });

  it('takes a job out of the list', async () => {
    await window.tree('Jobs').row('Fails').choose('Delete Job');
    await window.tree('Jobs').row('Fails').gone();
  });
});
