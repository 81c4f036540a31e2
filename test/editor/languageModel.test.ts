import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { startScriptedModel } from './scriptedModel.ts';
import { submitAsAgent } from './submitAsAgent.ts';
import { until } from './until.ts';
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

  it('run a task by tools that are confined to its slot', async () => {
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
    // Copilot brings the models of one's own, and is off in an editor of the tests.
    await window.runCommand('Extensions: Enable All Extensions');
    await window.runCommand('Relay: Check Executors');
    await window.quickInput.shown('Executors');
    const found = window.page
      .locator('.quick-input-widget:visible .monaco-list-row')
      .filter({ hasText: 'languageModel' });
    await until('a model', async () => {
      await window.quickInput.button('Look again');
      return (await found.allInnerTexts()).some((text) => text.includes('ready'));
    });
    await window.quickInput.cancel();
    const by = (title: string, model: object): unknown => ({
      task: { title },
      execution: { executor: 'languageModel', ...model },
    });
    await submitAsAgent(folder, by('Make it loud', { preferredModel: model.selector.id }));
    const row = window.tree('Jobs').row('Make it loud');
    await row.describedAs(/^SUCCEEDED · languageModel · /);
    expect(model.results()).toMatchObject([
      expect.stringContaining('src/'),
      expect.stringContaining('is no path inside'),
      expect.stringContaining('a.txt is written'),
      expect.stringContaining('src/c.txt is written'),
    ]);
    await row.expand();
    for (const path of ['a.txt', 'c.txt']) await window.tree('Jobs').row(path).shown();
    await window.screenshot('language-model-job');
    await submitAsAgent(folder, by('By none', { preferredModel: 'no-such-model' }));
    await window
      .tree('Jobs')
      .row('By none')
      .describedAs(/^FAILED \(EXECUTOR_ERROR\) · languageModel/);
    await window.tree('Jobs').row('By none').click();
    await window.runCommand('Relay: Show Job');
    const page = await window.webview('By none');
    await page.shows(
      /has no language model "no-such-model"\. Set execution\.preferredModel to one of these: .*scripted/,
    );
    await submitAsAgent(folder, by('By the first', {}));
    await window
      .tree('Jobs')
      .row('By the first')
      .describedAs(/^SUCCEEDED · languageModel · /);
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await model.close();
  });
});
