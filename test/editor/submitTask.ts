import type { Window } from './window.ts';

export interface Task {
  readonly title: string;
  readonly command: string;
  readonly checks?: string;
}

/** "Relay: Submit Task" by the palette and the keyboard, with nothing but title, command and checks. */
export async function submitTask(window: Window, { title, command, checks = '' }: Task): Promise<void> {
  const { quickInput } = window;
  await window.runCommand('Relay: Submit Task');
  await answerSteps(window, [title, '', '', { pick: 'command' }, command, checks]);
  await quickInput.shown(/^Submit Task \(7\/[78]\)$/);
  const isDirty = (await quickInput.title()).endsWith('/8)');
  await quickInput.accept();
  // Of a working tree with changes, where it starts: at HEAD.
  if (isDirty) {
    await quickInput.shown('Submit Task (8/8)');
    await quickInput.accept();
  }
  await quickInput.gone();
}

/** Answers the first steps in order, by typing or by a pick. */
export async function answerSteps(
  { quickInput }: Window,
  answers: readonly (string | { readonly pick: string })[],
): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    await quickInput.shown(new RegExp(`^Submit Task \\(${String(index + 1)}/`));
    if (typeof answer === 'string') {
      await quickInput.type(answer);
      await quickInput.accept();
    } else {
      // What is known later comes in the place of the first items, and moves the focus to what the extension knows of it.
      await quickInput.settled();
      await quickInput.pick(answer.pick);
    }
  }
}
