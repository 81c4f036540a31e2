import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import type { Editor } from './editor.ts';
import { describeInEditor } from './inEditor.ts';
import { runInside } from './inside.ts';
import { startScriptedModel } from './scriptedModel.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const tiny = resolve(import.meta.dirname, '..', 'fixtures', 'tinyExtension');
const settings = { 'chat.disableAIFeatures': false, 'chat.tools.global.autoApprove': true };

describeInEditor('a real VS Code', (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'tiny.vsix');
  const folder = join(directory, 'repo');

  beforeAll(async () => {
    makeRepository(folder, { 'a.txt': 'one\ntwo\n', 'src/deep file.txt': 'far\n' });
    await packageExtension(tiny, vsix);
  });
  afterAll(() => removeDirectory(directory));

  describeWindow();

  function describeWindow(): void {
    let editor: Editor;
    let window: Window;
    beforeAll(async () => {
      editor = await start({ vsix: [vsix], theme: 'light' });
      window = await editor.open(folder);
    });

    it('runs a command by the palette, step by step, there and back', async () => {
      const { quickInput, toasts } = window;
      await window.runCommand('Tiny: Greet');
      await quickInput.shown('Greet (1/2)');
      await quickInput.accept();
      await quickInput.says('A name is needed.');
      await quickInput.type('Ada');
      await quickInput.accept();
      await quickInput.shown('Greet (2/2)');
      expect(await quickInput.picks()).toEqual(['warmly', 'coolly']);
      await quickInput.back();
      await quickInput.shown('Greet (1/2)');
      expect(await quickInput.value()).toBe('Ada');
      await quickInput.accept();
      await quickInput.shown('Greet (2/2)');
      await window.screenshot('infrastructure-quick-input');
      await quickInput.pick('coolly');
      expect(await toasts.shown('Hello Ada')).toBe('Hello Ada, coolly');
      expect(await toasts.buttons('Hello Ada')).toEqual(['Thank you', 'Later']);
      await toasts.press('Hello Ada', 'Later');
      await toasts.gone('Hello Ada');
      await window.output.open('Tiny');
      await window.output.shows('[info] answered Later');
      expect(await window.offersCommand('Tiny: Open Page')).toBe(true);
      expect(await window.offersCommand('Tiny: Rename Fruit')).toBe(false);
    });

    it('finds rows of a tree, and acts on them', async () => {
      await window.activityBar.open('Tiny');
      await window.activityBar.showsBadge('Tiny', '2');
      const tree = window.tree('Fruits');
      await tree.row('Apple').expand();
      await tree.shows('Apple', '  green', '  red', 'Pear');
      expect(await tree.row('Apple').description()).toBe('2 colours');
      expect(await tree.row('Apple').icon()).toBe('symbol-event');
      expect(await tree.row('Pear').actions()).toEqual(['Rename Fruit']);
      await tree.row('Pear').action('Rename Fruit');
      await tree.row('Apple').collapse();
      await tree.shows('Apple', 'Pears');
      expect(await tree.row('Pears').choices()).toEqual(['Remove Fruit']);
      await tree.row('Pears').choose('Remove Fruit');
      expect(await window.dialog.shown()).toBe('Remove Pears?');
      await window.screenshot('infrastructure-dialog');
      await window.dialog.cancel();
      await tree.row('Pears').choose('Remove Fruit');
      await window.dialog.press('Remove');
      await tree.shows('Apple');
      expect(await window.statusBar.shown('Tiny is here')).toBe('Tiny is here');
    });

    it('reads a multi-file diff, a webview and a text', async () => {
      await window.runCommand('Tiny: Show Changes');
      await window.editors.inFront('Tiny Changes');
      const [a, b] = await window.editors.multiDiffUntil(
        'both changes',
        (entries) => entries.length === 2 && entries.every(({ inserted }) => inserted.length > 0),
      );
      expect(a).toMatchObject({ file: 'a.txt /', status: '', inserted: ['three'], deleted: ['two'] });
      // An empty line after the last newline is a line to an editor.
      expect(b).toMatchObject({ file: 'b.txt /', status: 'A', inserted: ['new', ''] });
      await window.screenshot('infrastructure-changes');
      await window.runCommand('Tiny: Open Page');
      const page = await window.webview('Tiny Page');
      await page.shows('A tiny page');
      await page.press('Say');
      await page.shows('heard a word');
      await window.useTheme('high contrast');
      await window.screenshot('infrastructure-webview');
      await window.editors.openFile('src/deep file.txt');
      await window.editors.showsLine('far');
      await window.editors.focusText();
      await window.page.keyboard.type('so ');
      expect(await window.editors.isDirty()).toBe(true);
      expect(window.errors()).toEqual([]);
    });

    it('has an extension host a window, and another one after a reload or a crash', async () => {
      const [first] = await editor.extensionHosts();
      await window.reload();
      await window.activityBar.showsBadge('Tiny', '2');
      const [second] = await editor.extensionHosts();
      expect(second?.pid).not.toBe(first?.pid);
      const other = await editor.open(folder, directory);
      await other.activityBar.open('Tiny');
      await other.tree('Fruits').shows('Apple', 'Pear');
      expect(await editor.extensionHosts()).toHaveLength(2);
      await editor.closeWindow(other);
      expect(await editor.extensionHosts()).toHaveLength(1);
      await editor.crashExtensionHosts();
      const [third] = await until('another extension host', async () => {
        const hosts = await editor.extensionHosts();
        return hosts.length > 0 && hosts;
      });
      expect(third?.pid).not.toBe(second?.pid);
      await window.activityBar.open('Tiny');
      await window.tree('Fruits').row('Apple').action('Rename Fruit');
      await window.tree('Fruits').shows('Apples', 'Pear');
    });
  }

  it('lets VS Code start the MCP server, and calls its tool', async () => {
    const editor = await start({ vsix: [vsix], smokeTestDriver: true, settings });
    const module = join(import.meta.dirname, 'inside', 'tinyTool.ts');
    const result = await runInside(editor, { module, argument: { text: 'a word' }, folders: [folder] });
    expect(result).toEqual({
      tools: expect.arrayContaining(['mcp_tiny_echo']) as unknown,
      said: '{"said":"a word","jobId":"job-1"}',
    });
  });

  it('lets Copilot in agent mode call the tool, with a scripted model', async () => {
    const model = await startScriptedModel([
      { tool: 'mcp_tiny_echo', arguments: { text: 'first' } },
      (results) => ({ tool: 'mcp_tiny_echo', arguments: { text: `after ${results[0] ?? ''}` } }),
      { text: 'The job has ended.' },
    ]);
    const editor = await start({ vsix: [vsix], smokeTestDriver: true, settings, files: model.files });
    const module = join(import.meta.dirname, 'inside', 'agentMode.ts');
    const argument = { query: 'Say it twice.', selector: model.selector };
    const answer = await runInside(editor, { module, argument, folders: [folder] });
    expect(model.results().map((result) => result.includes('job-1'))).toEqual([true, true]);
    expect(JSON.stringify(answer)).toContain('The job has ended.');
    await model.close();
  });
});
