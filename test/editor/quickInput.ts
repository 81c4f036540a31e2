import type { Locator, Page } from 'playwright-core';
import { exactly } from './exactly.ts';
import { until } from './until.ts';

/** The quick input at the top of a window: input boxes, quick picks and the Command Palette. By keys, as a person does. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator('.quick-input-widget:visible');
  }

  /** Waits until it is there, with this title where one is given (steps are a part of it: `Submit Task (1/4)`). */
  async shown(title?: string | RegExp): Promise<this> {
    await this.#widget.waitFor();
    if (title !== undefined)
      await until(`the quick input ${String(title)}`, async () => {
        const is = await this.title();
        return typeof title === 'string' ? is === title : title.test(is);
      });
    return this;
  }

  /** Waits until no quick input is there. */
  async gone(): Promise<void> {
    await this.#widget.waitFor({ state: 'hidden' });
  }

  isShown(): Promise<boolean> {
    return this.#widget.isVisible();
  }

  async title(): Promise<string> {
    return ((await this.#widget.locator('.quick-input-title').textContent()) ?? '').trim();
  }

  /** What is in the input; empty where there is none. */
  async value(): Promise<string> {
    return this.#input().evaluateAll((inputs: readonly { readonly value: string }[]) => inputs[0]?.value ?? '');
  }

  async placeholder(): Promise<string> {
    return (await this.#input().getAttribute('placeholder')) ?? '';
  }

  /** The line below the input: a prompt, or what is wrong with the value. */
  async message(): Promise<string> {
    return ((await this.#widget.locator('.quick-input-message').textContent()) ?? '').trim();
  }

  /** Waits until the line below the input is this. */
  async says(message: string): Promise<void> {
    await until(`"${message}" below the input`, async () => (await this.message()) === message);
  }

  /** Replaces what is in the input by typing. */
  async type(text: string, limitMs = 30_000): Promise<void> {
    await this.#input().focus({ timeout: limitMs });
    await this.#page.keyboard.press('ControlOrMeta+A');
    if (text === '') await this.#page.keyboard.press('Delete');
    else await this.#page.keyboard.type(text);
    await until(`"${text}" in the quick input`, async () => (await this.value()) === text, limitMs);
  }

  /** The labels of the picks that are drawn now. */
  async picks(): Promise<readonly string[]> {
    // A row that is used anew may still have the detail of an earlier one, which nobody sees.
    return this.#rows().locator('.label-name').filter({ visible: true }).allTextContents();
  }

  /** Waits until the list has stopped to look for what was typed. */
  async settled(): Promise<void> {
    await this.#widget
      .locator('.quick-input-progress.done, .quick-input-progress:not(.active)')
      .first()
      .waitFor({ state: 'attached' });
  }

  /** Moves to the pick with this label (the whole of it) by the arrow keys, and takes it. */
  async pick(label: string): Promise<void> {
    await this.focus(label);
    await this.accept();
  }

  /** Moves to a pick by the arrow keys. */
  async focus(label: string): Promise<void> {
    const row = this.#row(label);
    await row.waitFor();
    await until(`the pick "${label}" in focus`, async () => {
      const classes = (await row.getAttribute('class')) ?? '';
      if (/\bfocused\b/.test(classes)) return true;
      await this.#page.keyboard.press('ArrowDown');
      return false;
    });
  }

  /** Ticks or unticks a pick of a list that takes several. */
  async toggle(label: string): Promise<void> {
    await this.focus(label);
    await this.#page.keyboard.press('Space');
  }

  /** Whether the picks with a check mark are these. */
  async checked(): Promise<readonly string[]> {
    return this.#rows()
      .filter({ has: this.#page.locator('.codicon-check, input:checked') })
      .locator('.label-name')
      .allTextContents();
  }

  async accept(): Promise<void> {
    await this.#page.keyboard.press('Enter');
  }

  /** The arrow in the title bar. */
  async back(): Promise<void> {
    await this.#widget.locator('.quick-input-titlebar a.action-label[aria-label^="Back"]').click();
  }

  /** A button of the title bar or beside the input, by its name. */
  async button(name: string): Promise<void> {
    await this.#widget.locator(`a.action-label[aria-label^="${name}"]`).first().click();
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.gone();
  }

  /** Whether a pick with this label is drawn. */
  offers(label: string): Promise<boolean> {
    return this.#row(label).isVisible();
  }

  #row(label: string): Locator {
    return this.#rows()
      .filter({ has: exactly(this.#page, '.label-name', label) })
      .first();
  }

  #input(): Locator {
    return this.#widget.locator('.quick-input-box input');
  }

  #rows(): Locator {
    return this.#widget.locator('.quick-input-list .monaco-list-row');
  }
}
