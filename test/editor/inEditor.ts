import { afterAll, afterEach, describe, inject } from 'vitest';
import { Editor, type EditorOptions } from './editor.ts';
import type { Means } from './means.ts';

/** Starts a VS Code that is closed after the suite. */
export type StartEditor = (options?: EditorOptions) => Promise<Editor>;

/**
 * A suite in a real VS Code; skipped where there is none, for which the run's setup has printed the reason. When a test
 * fails, each window is photographed as it stands, and what its console said is printed.
 */
export function describeInEditor(name: string, suite: (start: StartEditor, means: Means) => void): void {
  const given = inject('editor') ?? { missing: 'run them by test/editor/vitest.config.ts' };
  if ('missing' in given) {
    describe.skip(`${name}: no VS Code, ${given.missing}`, () =>
      suite(() => Promise.reject(new Error(given.missing)), none));
    return;
  }
  describe(name, () => {
    const editors: Editor[] = [];
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') for (const editor of editors) await tellOf(editor, task.name);
    });
    afterAll(async () => {
      for (const editor of editors.splice(0)) await editor.close();
    });
    suite(async (options) => {
      const editor = await Editor.start(given, options);
      editors.push(editor);
      return editor;
    }, given);
  });
}

/** For a suite that is skipped. */
const none: Means = { server: { kind: 'server', version: '', main: '' }, chromium: '' };

async function tellOf(editor: Editor, test: string): Promise<void> {
  const name = test.replaceAll(/\W+/g, '-').slice(0, 60);
  for (const [index, window] of editor.windows.entries()) {
    const path = await window.screenshot(`failed-${name}-${index}`).catch(() => 'no picture of it');
    process.stderr.write(`The window when "${test}" failed: ${path}\n${window.errors().join('\n')}\n`);
  }
}
