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
  const answers = [title, '', '', command, checks];
  for (const [index, answer] of answers.entries()) {
    await quickInput.shown(`Submit Task (${String(index + 1)}/6)`);
    await quickInput.type(answer);
    await quickInput.accept();
  }
  await quickInput.shown('Submit Task (6/6)');
  await quickInput.accept();
  await quickInput.gone();
}
