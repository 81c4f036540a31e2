import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { answerSteps } from './submitTask.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');
const sample = join(root, 'test', 'fixtures', 'sampleExecutor');

describeInEditor('executors in the editor', (start) => {
  const directory = temporaryDirectory();
  const folder = join(directory, 'sample');
  let window: Window;

  beforeAll(async () => {
    makeRepository(folder, { 'README.md': 'About it.\n' });
    const [vsix, plugin] = [join(directory, 'relay.vsix'), join(directory, 'plugin.vsix')];
    await packageExtension(root, vsix);
    await packageExtension(sample, plugin);
    window = await (await start({ vsix: [vsix, plugin], theme: 'light' })).open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));
  beforeEach(() => window.editors.closeAll());

  async function submit(title: string): Promise<void> {
    await window.runCommand('Relay: Submit Task');
    await answerSteps(window, [title, '', '', { pick: 'headline' }, '']);
    await window.quickInput.shown('Submit Task (6/6)');
    await window.quickInput.accept();
    await window.quickInput.gone();
  }

  it('tells what can run a task, also what another extension has brought', async () => {
    await window.runCommand('Relay: Check Executors');
    await window.quickInput.shown('Executors');
    await window.quickInput.focus('codex');
    await window.screenshot('check-executors');
    await window.quickInput.type('headline');
    await window.quickInput.focus('headline');
    await window.quickInput.cancel();
  });

  it('runs a task by it, whose question is answered in the notification', async () => {
    await submit('Shout it');
    await window.toasts.press('The job "Shout it" asks: Which style?', 'loud');
    const row = window.tree('Jobs').row('Shout it');
    await row.describedAs(/^SUCCEEDED · headline · /);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('About it.\n');
  });

  it('remembers the executor, and takes the answer on the job page as well', async () => {
    await window.runCommand('Relay: Submit Task');
    await answerSteps(window, ['Say it', '', '']);
    await window.quickInput.shown('Submit Task (4/6)');
    await window.quickInput.focus('headline');
    await window.screenshot('submit-executor');
    await window.quickInput.accept();
    await window.quickInput.shown('Submit Task (5/6)');
    await window.quickInput.accept();
    await window.quickInput.shown('Submit Task (6/6)');
    await window.quickInput.accept();
    const row = window.tree('Jobs').row('Say it');
    await row.describedAs(/^WAITING · headline/);
    await window.runCommand('Relay: Show Job');
    const page = await window.webview('Say it');
    await page.shows('Which style?');
    await window.screenshot('job-page-asks');
    await page.press('plain');
    await row.describedAs(/^SUCCEEDED · headline · /);
    expect(window.errors()).toEqual([]);
  });
});
