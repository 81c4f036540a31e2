import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { answerSteps } from './submitTask.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor('a task on uncommitted work, in the editor', (start) => {
  const directory = temporaryDirectory();
  const folder = join(directory, 'sample');
  let window: Window;

  beforeAll(async () => {
    const vsix = join(directory, 'relay.vsix');
    makeRepository(folder, { 'a.txt': 'one\n' });
    await packageExtension(root, vsix);
    window = await (await start({ vsix: [vsix], theme: 'light' })).open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));

  it('is asked for where the tree is dirty, and nowhere else', async () => {
    const { quickInput } = window;
    const compose = async (title: string): Promise<void> => {
      await window.runCommand('Relay: Submit Task');
      await answerSteps(window, [
        title,
        '',
        '',
        { pick: 'command' },
        'test "$(cat new.txt)" = mine && echo x >> new.txt',
        '',
      ]);
    };
    await compose('At HEAD');
    await quickInput.shown('Submit Task (7/7)');
    await quickInput.accept();
    await quickInput.gone();
    await window
      .tree('Jobs')
      .row('At HEAD')
      .describedAs(/^FAILED \(EXECUTOR_ERROR\)/);

    write(folder, { 'new.txt': 'mine\n' });
    await compose('With mine');
    await quickInput.shown('Submit Task (7/8)');
    await quickInput.accept();
    await quickInput.shown('Submit Task (8/8)');
    await until('both ways', async () => (await quickInput.picks()).length === 2);
    await window.screenshot('start-from');
    await quickInput.pick('HEAD with my uncommitted work');
    await quickInput.gone();
    await window
      .tree('Jobs')
      .row('With mine')
      .describedAs(/^SUCCEEDED/);
    expect(git(folder, 'status', '--porcelain')).toBe('?? new.txt');
  });
});
