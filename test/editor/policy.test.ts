import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { answerSteps } from './submitTask.ts';
import { until } from './until.ts';
import { packageExtension } from './vsix.ts';
import type { Window } from './window.ts';

const root = resolve(import.meta.dirname, '..', '..');

describeInEditor('what a patch may touch, in the editor', (start) => {
  const directory = temporaryDirectory();
  let window: Window;

  beforeAll(async () => {
    const vsix = join(directory, 'relay.vsix');
    const policy = '{\n  "protected": ["src/**"]\n}\n';
    const folder = makeRepository(join(directory, 'sample'), { 'a.txt': 'one\n', 'wrong/.task-relay.json': policy });
    await packageExtension(root, vsix);
    window = await (await start({ vsix: [vsix], theme: 'light' })).open(folder);
    await window.activityBar.open('Task Relay');
  });
  afterAll(() => removeDirectory(directory));
  beforeEach(() => window.editors.closeAll());

  /** All steps but the last, which is there only where a protected path is named: by the title, or the last command. */
  async function submit(title: string, command: string): Promise<void> {
    const { quickInput } = window;
    await window.runCommand('Relay: Submit Task');
    await answerSteps(window, [title, '', '', { pick: 'command' }, command, '']);
    await quickInput.shown('Submit Task (7/8)');
    await quickInput.accept();
    await quickInput.shown('Submit Task (8/8)');
  }

  it('asks for the protected paths that a task names, and lets through those that were ticked', async () => {
    await submit('Pin the registry in .npmrc', 'echo x=1 > .npmrc; echo on > .envrc');
    await until('the protected paths', async () => (await window.quickInput.picks()).join(' ') === '.npmrc .envrc');
    await window.quickInput.toggle('.npmrc');
    await window.screenshot('allow-protected');
    await window.quickInput.accept();
    await window.quickInput.gone();
    const row = window.tree('Jobs').row('Pin the registry in .npmrc');
    await row.describedAs(/^FAILED \(POLICY\) · command/);
    await row.expand();
    await window.tree('Jobs').row('scope').click();
    await window.editors.showsLine('".envrc"');

    await submit('Both of .npmrc and .envrc', 'echo x=1 > .npmrc; echo on > .envrc');
    await window.quickInput.toggle('.npmrc');
    await window.quickInput.toggle('.envrc');
    await window.quickInput.accept();
    await window.quickInput.gone();
    await window
      .tree('Jobs')
      .row('Both of .npmrc and .envrc')
      .describedAs(/^SUCCEEDED · command/);
  });

  it('marks what is wrong in a policy file', async () => {
    await window.editors.openFile('wrong/.task-relay.json');
    await window.editors.marks('"protected"');
    await window.screenshot('policy-file');
    expect(window.errors()).toEqual([]);
  });
});
