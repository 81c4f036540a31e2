import type { Locator, Page } from 'playwright-core';
import { exactly } from './exactly.ts';

/** A modal dialog of the workbench. */
export class Dialog {
  readonly #page: Page;
  readonly #box: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#box = page.locator('.monaco-dialog-box');
  }

  /** Waits for it; its message and detail, a line each. */
  async shown(): Promise<string> {
    await this.#box.waitFor();
    return (await this.#box.locator('.dialog-message-container').innerText()).trim();
  }

  isShown(): Promise<boolean> {
    return this.#box.isVisible();
  }

  buttons(): Promise<readonly string[]> {
    return this.#box.locator('.dialog-buttons .monaco-button').allInnerTexts();
  }

  async press(button: string): Promise<void> {
    const named = exactly(this.#page, '.monaco-button', button);
    await this.#box.locator(named).click();
    await this.#box.waitFor({ state: 'detached' });
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#box.waitFor({ state: 'detached' });
  }
}
