import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { plantedSecrets } from '../checks/secretCorpus.ts';
import { makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { submitTask } from './submitTask.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor('trust in the editor', (start) => {
  const directory = temporaryDirectory();
  const token = plantedSecrets(12).find(({ kind }) => kind === 'GitHub classic')?.secret ?? '';
  let window: Window;

  beforeAll(async () => {
    const vsix = join(directory, 'relay.vsix');
    const folder = makeRepository(join(directory, 'sample'), { 'a.txt': 'one\n' });
    write(directory, { token: `${token}\n` });
    await packageExtension(root, vsix);
    window = await (await start({ vsix: [vsix], theme: 'light' })).open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));
  beforeEach(() => window.editors.closeAll());

  it('shows no secret of a patch that fails for one', async () => {
    await submitTask(window, { title: 'Write a key', command: `cp '${directory}/token' key.txt; echo two >> a.txt` });
    const row = window.tree('Jobs').row('Write a key');
    await row.describedAs(/^FAILED \(POLICY\) · command/);
    await row.expand();
    await window.tree('Jobs').row('key.txt').click();
    expect((await window.editors.diff()).inserted.join()).toContain('[redacted: GitHub Token]');
    await window.tree('Jobs').row('secrets').click();
    await window.editors.showsLine('GitHub Token in "key.txt", line 1');
    await window.screenshot('secret-found');
  });

  it('lets a person lift the find, and judges the patch again', async () => {
    const row = window.tree('Jobs').row('Write a key');
    await row.choose('Lift Secret Find…');
    await window.quickInput.shown();
    await window.quickInput.toggle('GitHub Token');
    await window.screenshot('lift-find');
    await window.quickInput.accept();
    await row.describedAs(/^SUCCEEDED · command/);
    await row.expand();
    await window.tree('Jobs').row('key.txt').click();
    expect((await window.editors.diff()).inserted).toContain(token);
  });

  it('shows the certificate, and runs its claims again', async () => {
    await window.tree('Jobs').row('certificate').click();
    await (await window.webview()).shows('Certificate of patch.diff: proven');
    await window.screenshot('certificate');
    await window.tree('Jobs').row('Write a key').choose('Verify Certificate');
    const said = await window.dialog.shown();
    expect(said).toMatch(/All \d+ claims of the certificate hold\./);
    expect(said).toContain('✓ fidelity: Again pass.');
    await window.screenshot('verified');
    await window.dialog.cancel();
    expect(window.errors()).toEqual([]);
  });
});
