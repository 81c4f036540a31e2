import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { startScriptedModel } from './scriptedModel.ts';
import { answerSteps } from './submitTask.ts';
import { packageExtension } from './vsix.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor("the editor's own models", (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'relay.vsix');
  const folder = join(directory, 'sample');

  beforeAll(async () => {
    makeRepository(folder, { 'a.txt': 'one\ntwo\n', 'src/b.txt': 'b\n' });
    await packageExtension(root, vsix);
  });
  afterAll(() => removeDirectory(directory));

  it('run a task by tools that are confined to its slot, once the user allows it', async () => {
    const model = await startScriptedModel([
      { tool: 'list', arguments: {} },
      { tool: 'read', arguments: { path: '../../../etc/passwd' } },
      { tool: 'edit', arguments: { path: 'a.txt', oldText: 'two', newText: 'TWO' } },
      { tool: 'write', arguments: { path: 'src/c.txt', content: 'new\n' } },
      { text: 'The second line is loud now.' },
    ]);
    const editor = await start({
      vsix: [vsix],
      settings: { 'chat.disableAIFeatures': false },
      files: model.files,
      theme: 'light',
    });
    const window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
    await window.runCommand('Relay: Submit Task');
    await answerSteps(window, ['Make it loud', '', '']);
    await window.quickInput.shown('Submit Task (4/6)');
    await window.quickInput.focus('languageModel');
    await window.screenshot('submit-language-model');
    await window.quickInput.accept();
    await answerSteps(window, []);
    await window.quickInput.shown('Submit Task (5/6)');
    await window.quickInput.type('');
    await window.quickInput.accept();
    await window.quickInput.shown('Submit Task (6/6)');
    await window.quickInput.accept();
    await window.toasts.press('The job "Make it loud" asks', 'Allow');
    await window.dialog.shown();
    await window.screenshot('language-model-consent');
    await window.dialog.press('Allow');
    const row = window.tree('Jobs').row('Make it loud');
    await row.describedAs(/^SUCCEEDED · languageModel · /);
    expect(model.results()).toMatchObject([
      expect.stringContaining('src/'),
      expect.stringContaining('is no path inside'),
      expect.stringContaining('a.txt is written'),
      expect.stringContaining('src/c.txt is written'),
    ]);
    await row.expand();
    await window.tree('Jobs').shows('Make it loud', '  a.txt', '  c.txt');
    await window.screenshot('language-model-job');
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await model.close();
  });
});
