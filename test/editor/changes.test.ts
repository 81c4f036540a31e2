import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commit, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import type { ShownDiff } from './editorArea.ts';
import { describeInEditor } from './inEditor.ts';
import { submitTask } from './submitTask.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');
/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describeInEditor('every kind of change in review', (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'relay.vsix');
  const folder = join(directory, 'sample');
  let window: Window;

  beforeAll(async () => {
    makeRepository(folder, { 'run.sh': '#!/bin/sh\necho run\n', 'gone.txt': 'gone\n', 'plain.txt': 'plain\n' });
    write(folder, { 'src/before.txt': 'one\ntwo\nthree\nfour\nfive\n', 'data.bin': Buffer.from([0, 1, 2, 3, 0, 255]) });
    chmodSync(join(folder, 'run.sh'), 0o644);
    commit(folder);
    await packageExtension(root, vsix);
    const editor = await start({ vsix: [vsix], theme: 'dark', size: { width: 1440, height: 900 } });
    window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));

  it('is one row each in the tree, and says what it is', async () => {
    const commands = [
      'chmod +x run.sh',
      'rm gone.txt',
      'echo new > new.txt',
      'mkdir lib',
      'mv src/before.txt lib/after.txt',
      'echo six >> lib/after.txt',
      "printf '\\0\\1\\2' > data.bin",
      'ln -s new.txt link',
      'rm plain.txt',
      'ln -s new.txt plain.txt',
      `printf ${PNG} | base64 -d > dot.png`,
    ];
    await submitTask(window, { title: 'All kinds', command: commands.join(' && ') });
    const tree = window.tree('Jobs');
    const job = tree.row('All kinds');
    await job.describedAs(/^SUCCEEDED/);
    await job.expand();
    const rows: readonly (readonly [string, string])[] = [
      ['run.sh', 'modified, now executable'],
      ['gone.txt', 'deleted'],
      ['new.txt', 'added'],
      ['after.txt', 'lib · renamed ← src/before.txt'],
      ['data.bin', 'modified, binary'],
      ['link', 'added, symlink'],
      ['plain.txt', 'type, file → symlink'],
      ['dot.png', 'added, binary'],
    ];
    for (const [label, description] of rows) await tree.row(label).describedAs(description);
    expect(await tree.row('before.txt').isShown()).toBe(false);
    expect(await tree.row('after.txt').accessibleName()).toBe('src/before.txt → lib/after.txt, renamed');
    await window.screenshot('changes-tree');
  });

  it('opens as what it is', async () => {
    const tree = window.tree('Jobs');
    await tree.row('after.txt').click();
    await window.editors.inFront('src/before.txt → lib/after.txt (renamed)');
    const showing = (line: string): Promise<ShownDiff> =>
      until(`"${line}" in the diff`, async () => {
        const shown = await window.editors.diff();
        return [...shown.before, ...shown.after].includes(line) && shown;
      });
    const diff = await showing('six');
    expect(diff).toMatchObject({ inserted: ['six'], deleted: [] });
    await window.screenshot('change-renamed');
    await tree.row('run.sh').click();
    await window.editors.inFront('run.sh (modified, now executable)');
    await window.page
      .locator('.editor.modified .view-line')
      .filter({ hasText: /echo.run/ })
      .waitFor();
    await window.screenshot('change-mode');
    await tree.row('plain.txt').click();
    await window.editors.inFront('plain.txt (type, file → symlink)');
    await showing('plain');
    await window.screenshot('change-symlink');
    await tree.row('data.bin').click();
    await window.editors.inFront('data.bin (modified, binary)');
    await until('both sides', async () => (await window.page.getByText('because it is either binary').count()) === 2);
    await window.screenshot('change-binary');
    await tree.row('dot.png').click();
    await window.editors.inFront('dot.png (added, binary)');
    await (await window.webview()).locator('img').waitFor();
    await window.screenshot('change-image');
    await tree.row('new.txt').click();
    await window.editors.inFront('new.txt (added)');
    await showing('new');
    await window.screenshot('change-added');
    await tree.row('gone.txt').click();
    await window.editors.inFront('gone.txt (deleted)');
    await showing('gone');
    await window.screenshot('change-deleted');
  });

  it('is one entry each in the multi-file diff and on the job page', async () => {
    await window.tree('Jobs').row('All kinds').action('Review Patch');
    await window.editors.inFront('Patch: All kinds');
    const entries = await window.editors.multiDiffUntil('the line', (shown) =>
      shown.some(({ inserted }) => inserted.includes('six')),
    );
    expect(entries.map(({ file, status }) => `${status} ${file}`)).toContain('R after.txt /lib');
    await window.screenshot('changes-multi');
    await window.tree('Jobs').row('All kinds').choose('Show Job');
    const page = await window.webview();
    await page.shows('src/before.txt → lib/after.txt renamed');
    await window.screenshot('changes-job-page');
  });

  it('walks a newcomer through the first task', async () => {
    await window.runCommand('Welcome: Open Walkthrough...');
    await window.quickInput.pick('Get Started with Task Relay');
    const done = window.page.locator('.getting-started-step .codicon-getting-started-step-checked');
    await window.runCommand('Relay: Submit Task');
    await window.quickInput.shown(/^Submit Task \(1\//);
    await window.quickInput.cancel();
    await until('the step to be done', async () => (await done.count()) > 0);
    for (const [theme, step] of [
      ['dark', 'Submit a task'],
      ['light', 'Review the patch'],
      ['high contrast', 'Let an agent submit'],
      ['dark', 'Open a repository'],
      ['light', 'Apply it, or undo it'],
    ] as const) {
      await window.useTheme(theme);
      await window.page.locator('.getting-started-step .step-title', { hasText: step }).first().click();
      await window.page.locator('iframe.webview.ready').first().waitFor();
      await window.screenshot(`walkthrough-${theme.replace(' ', '-')}-${step.split(' ')[0] ?? ''}`);
    }
  });
});
