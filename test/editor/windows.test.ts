import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { submitTask } from './submitTask.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor('windows and their relay', (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'relay.vsix');
  const folder = join(directory, 'sample');
  const other = join(directory, 'other');

  beforeAll(async () => {
    makeRepository(folder, { 'a.txt': 'one\n' });
    makeRepository(other, { 'b.txt': 'two\n' });
    await packageExtension(root, vsix);
  });
  afterAll(() => removeDirectory(directory));

  it('fails no job when its window is reloaded in the middle of it', async () => {
    const editor = await start({ vsix: [vsix], theme: 'dark' });
    const window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
    // The first attempt never ends; the next one finds that there was a first.
    const begun = join(directory, 'begun');
    const waits = `[ -e ${begun} ] || { touch ${begun}; while :; do sleep 0.1; done; }`;
    await submitTask(window, { title: 'Outlives the window', command: `${waits}; echo two >> a.txt` });
    await window
      .tree('Jobs')
      .row('Outlives the window')
      .describedAs(/^RUNNING/);
    await until('the first attempt', () => Promise.resolve(existsSync(begun)));
    await window.screenshot('tree-running-dark');
    await window.reload();
    await window.activityBar.open('Task Relay');
    await window
      .tree('Jobs')
      .row('Outlives the window')
      .describedAs(/^SUCCEEDED/);
    await window.screenshot('tree-succeeded-dark');
  });

  it('shows and does the same in a second window, as a guest of the first, which takes over when that ends', async () => {
    const editor = await start({ vsix: [vsix], theme: 'high contrast' });
    const host = await editor.open(folder);
    await host.activityBar.open('Task Relay');
    await host.tree('Jobs').row('Outlives the window').shown();
    const guest = await editor.open(folder);
    await guest.activityBar.open('Task Relay');
    await submitTask(guest, { title: 'From the guest', command: 'echo guest >> a.txt' });
    await guest
      .tree('Jobs')
      .row('From the guest')
      .describedAs(/^SUCCEEDED/);
    await host
      .tree('Jobs')
      .row('From the guest')
      .describedAs(/^SUCCEEDED/);
    await guest.screenshot('guest-high-contrast');
    await editor.closeWindow(host);
    await submitTask(guest, { title: 'After the host', command: 'echo alone >> a.txt' });
    await guest
      .tree('Jobs')
      .row('After the host')
      .describedAs(/^SUCCEEDED/);
  });

  it('shows several repositories of one window as one tree', async () => {
    const editor = await start({ vsix: [vsix] });
    const window = await editor.open(folder, other);
    await window.activityBar.open('Task Relay');
    await window
      .tree('Jobs')
      .row('From the guest')
      .describedAs(/^SUCCEEDED · sample · command/);
    await window.runCommand('Relay: Submit Task');
    await window.quickInput.shown(/^Submit Task \(1\//);
    expect(await window.quickInput.picks()).toEqual(['sample', 'other']);
    await window.quickInput.cancel();
  });

  it('says what is missing where there is no folder or no repository', async () => {
    const editor = await start({ vsix: [vsix] });
    const empty = await editor.open();
    await empty.activityBar.open('Task Relay');
    await empty.page.getByText('Open a folder of a git repository').waitFor();
    const plain = await editor.open(directory);
    await plain.activityBar.open('Task Relay');
    await plain.page.getByText('This folder is in no git repository.').waitFor();
    expect(await plain.offersCommand('Relay: Submit Task')).toBe(false);
    await plain.screenshot('welcome-no-repository');
  });

  it('runs nothing in a folder that is not trusted', async () => {
    const editor = await start({ vsix: [vsix], trustsAll: false });
    const window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
    await window.page.getByText('it waits until you trust this workspace').waitFor();
    await window.screenshot('welcome-untrusted');
  });
});
