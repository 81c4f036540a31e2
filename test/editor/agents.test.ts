import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { runInside } from './inside.ts';
import { submitAsAgent } from './submitAsAgent.ts';
import { startScriptedModel } from './scriptedModel.ts';
import { packageExtension } from './vsix.ts';

const root = resolve(import.meta.dirname, '..', '..');
const settings = {
  'chat.disableAIFeatures': false,
  'chat.tools.global.autoApprove': true,
  'relay.mcp.commands': 'allow',
};

describeInEditor('agents in the editor', (start) => {
  const directory = temporaryDirectory();
  const vsix = join(directory, 'relay.vsix');
  const folder = join(directory, 'sample');
  const lastWord = join(directory, 'last-word');
  const spec = { task: { title: 'Asked by an agent' }, execution: { command: 'echo two >> a.txt' } };

  beforeAll(async () => {
    makeRepository(folder, { 'a.txt': 'one\n' });
    await packageExtension(root, vsix);
  });
  afterAll(() => removeDirectory(directory));

  it('lets VS Code start the MCP server, and submit a job by vscode.lm', async () => {
    const editor = await start({ vsix: [vsix], smokeTestDriver: true, settings });
    const module = join(import.meta.dirname, 'inside', 'submitTool.ts');
    const result = await runInside(editor, { module, argument: { spec }, folders: [folder] });
    expect(result).toMatchObject({
      tools: expect.arrayContaining([
        'mcp_task-relay_jobs_submit',
        'mcp_task-relay_jobs_get',
        'mcp_task-relay_jobs_list',
        'mcp_task-relay_jobs_cancel',
        'mcp_task-relay_jobs_artifact',
      ]) as unknown,
      submitted: { state: 'QUEUED', deduplicated: false },
      ended: { state: 'SUCCEEDED', title: 'Asked by an agent' },
    });
    expect(git(folder, 'status', '--porcelain')).toBe('');
  });

  it('lets Copilot in agent mode submit a job and report its end', async () => {
    // As an agent does: submits, looks until the job has ended, and tells how.
    const model = await startScriptedModel((results) => {
      const last = results.at(-1);
      if (last === undefined) {
        const asked = { ...spec, task: { title: 'From the chat' } };
        return { tool: 'mcp_task-relay_jobs_submit', arguments: { spec: asked } };
      }
      if (last.includes('SUCCEEDED')) {
        writeFileSync(lastWord, last);
        return { text: 'The job has SUCCEEDED: its patch waits for your review.' };
      }
      return { tool: 'mcp_task-relay_jobs_get', arguments: { jobId: idIn(results[0]) } };
    });
    const editor = await start({ vsix: [vsix], smokeTestDriver: true, settings, files: model.files });
    const module = join(import.meta.dirname, 'inside', 'approvingAgent.ts');
    const argument = { query: 'Add a second line.', selector: model.selector, lastWord };
    const answer = await runInside(editor, { module, argument, folders: [folder] });
    expect(answer).toBe('said');
    expect(readFileSync(lastWord, 'utf8')).toContain('From the chat');
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await model.close();
  });

  it('asks the user before a command that an agent wrote runs, and remembers what is allowed for good', async () => {
    const editor = await start({ vsix: [vsix] });
    const window = await editor.open(folder);
    await window.activityBar.open('Task Relay');
    await window.tree('Jobs').row('From the chat').shown();
    const asking = { task: { title: 'May it?' }, execution: { command: 'echo asked >> a.txt' } };
    const first = await submitAsAgent(folder, asking);
    expect(first.state).toBe('QUEUED');
    const row = window.tree('Jobs').row('May it?');
    await row.describedAs(/^WAITING · command/);
    await window.toasts.press('The job "May it?" asks', 'Answer…');
    const question = await window.dialog.shown();
    expect(question).toContain('execution.command: echo asked >> a.txt');
    await window.screenshot('agent-asks');
    await window.dialog.press('Allow always');
    await row.describedAs(/^SUCCEEDED · command/);
    await submitAsAgent(folder, { ...asking, task: { title: 'Allowed before' } });
    await window
      .tree('Jobs')
      .row('Allowed before')
      .describedAs(/^SUCCEEDED · command/);
    await submitAsAgent(folder, { task: { title: 'Refused' }, execution: { command: 'echo no >> a.txt' } });
    await window.tree('Jobs').row('Refused').action('Answer Question');
    await window.dialog.shown();
    await window.dialog.press('Refuse');
    await window
      .tree('Jobs')
      .row('Refused')
      .describedAs(/^FAILED \(POLICY\)/);
  });
});

function idIn(result: string | undefined): string {
  return /"jobId":"([a-z2-7]{16})"/.exec((result ?? '').replaceAll('\\', ''))?.[1] ?? '';
}
