import * as vscode from 'vscode';

interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** One question of a quick input; one that answers before it have made needless is passed over. */
export type Step = ((place: StepPlace) => Promise<'next' | 'back' | 'left'>) & { readonly isAsked?: () => boolean };

export function input(question: {
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value: () => string;
  /** What is wrong with the text; undefined where nothing is. */
  readonly check: (text: string) => string | undefined;
  readonly take: (text: string) => void;
  readonly isAsked?: () => boolean;
}): Step {
  const step = (place: StepPlace): Promise<'next' | 'back' | 'left'> => {
    const box = vscode.window.createInputBox();
    box.prompt = question.prompt;
    box.placeholder = question.placeholder;
    box.value = question.value();
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    return ask(box, place, (accept) => {
      box.validationMessage = question.check(box.value);
      if (box.validationMessage !== undefined) return;
      question.take(box.value);
      accept();
    });
  };
  return question.isAsked === undefined ? step : Object.assign(step, { isAsked: question.isAsked });
}

export function pick<T>(question: {
  readonly prompt: string;
  readonly items: () => readonly (vscode.QuickPickItem & { readonly value: T })[];
  /** The items once more is known: until then, `items` are there. */
  readonly later?: () => Promise<readonly (vscode.QuickPickItem & { readonly value: T })[]>;
  readonly take: (value: T) => void;
  readonly isAsked?: () => boolean;
}): Step {
  const step = (place: StepPlace): Promise<'next' | 'back' | 'left'> => {
    const box = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly value: T }>();
    box.placeholder = question.prompt;
    box.items = question.items();
    box.activeItems = box.items.filter((item) => item.picked === true);
    let isOpen = true;
    box.onDidHide(() => (isOpen = false));
    box.busy = question.later !== undefined;
    void question.later?.().then((items) => {
      if (!isOpen) return;
      // What the user has moved to meanwhile stays.
      const value = box.activeItems[0]?.value;
      box.items = items;
      box.activeItems = items.filter((item) => item.value === value);
      box.busy = false;
    });
    return ask(box, place, (accept) => {
      const [chosen] = box.activeItems;
      if (chosen === undefined) return;
      question.take(chosen.value);
      accept();
    });
  };
  return question.isAsked === undefined ? step : Object.assign(step, { isAsked: question.isAsked });
}

/** Any number of things, none of them ticked. */
export function ticks(question: {
  readonly prompt: string;
  readonly items: () => readonly string[];
  readonly take: (chosen: readonly string[]) => void;
}): Step {
  const step = (place: StepPlace): Promise<'next' | 'back' | 'left'> => {
    const box = vscode.window.createQuickPick();
    box.placeholder = question.prompt;
    box.canSelectMany = true;
    box.items = question.items().map((label) => ({ label }));
    return ask(box, place, (accept) => {
      question.take(box.selectedItems.map(({ label }) => label));
      accept();
    });
  };
  return Object.assign(step, { isAsked: () => question.items().length > 0 });
}

/** Runs the steps in order; back goes to the one before. `settled`: it is known which are asked. False where the user left. */
export async function runSteps(
  title: string,
  steps: readonly Step[],
  settled: Promise<unknown> = Promise.resolve(),
): Promise<boolean> {
  const askedNow = (): readonly Step[] => steps.filter(({ isAsked }) => isAsked?.() ?? true);
  for (let at = 0; ;) {
    if (at >= askedNow().length) await settled;
    const asked = askedNow();
    const step = asked[at];
    if (step === undefined) break;
    const outcome = await step({ title, step: at + 1, totalSteps: asked.length });
    if (outcome === 'left') return false;
    at += outcome === 'back' ? -1 : 1;
  }
  return true;
}

/** What is wrong with a text of more characters than these. */
export function tooLong(text: string, most: number): string | undefined {
  return text.length > most ? vscode.l10n.t('At most {0} characters; this has {1}.', most, text.length) : undefined;
}

function ask(
  box: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  { title, step, totalSteps }: StepPlace,
  onAccept: (accept: () => void) => void,
): Promise<'next' | 'back' | 'left'> {
  return new Promise((resolve) => {
    let outcome: 'next' | 'back' | 'left' = 'left';
    box.title = title;
    box.step = step;
    box.totalSteps = totalSteps;
    box.ignoreFocusOut = true;
    box.buttons = step > 1 ? [vscode.QuickInputButtons.Back] : [];
    const end = (how: 'next' | 'back'): void => {
      outcome = how;
      box.hide();
    };
    box.onDidTriggerButton(() => end('back'));
    box.onDidAccept(() => onAccept(() => end('next')));
    box.onDidHide(() => {
      box.dispose();
      resolve(outcome);
    });
    box.show();
  });
}
