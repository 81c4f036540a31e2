import type { Locator, Page } from 'playwright-core';
import { exactly } from './exactly.ts';
import { until } from './until.ts';

/** The notifications at the lower right. */
export class Toasts {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits for one whose text contains this; its whole text. */
  async shown(text: string): Promise<string> {
    const toast = this.#toast(text);
    await toast.waitFor();
    return toast.locator('.notification-list-item-message').innerText();
  }

  async gone(text: string): Promise<void> {
    await this.#toast(text).waitFor({ state: 'detached' });
  }

  async texts(): Promise<readonly string[]> {
    return this.#page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
  }

  async buttons(text: string): Promise<readonly string[]> {
    await this.#toast(text).waitFor();
    return this.#toast(text).locator('.monaco-button').allInnerTexts();
  }

  async press(text: string, button: string): Promise<void> {
    const named = exactly(this.#page, '.monaco-button', button);
    await this.#toast(text).locator(named).click();
  }

  /** Takes it away without an answer. */
  async clear(text: string): Promise<void> {
    await this.#toast(text).hover();
    await this.#toast(text).locator('a.action-label[aria-label^="Clear Notification"]').click();
    await this.gone(text);
  }

  /** Takes away all that there are. */
  async clearAll(): Promise<void> {
    const first = this.#page.locator('.notification-toast').first();
    await until('no notification', async () => {
      if ((await first.count()) === 0) return true;
      // One that tells a progress goes by itself.
      await first.hover({ timeout: 1000 }).catch(() => undefined);
      const clear = first.locator('a.action-label[aria-label^="Clear Notification"]');
      await clear.click({ timeout: 1000 }).catch(() => undefined);
      return false;
    });
  }

  #toast(text: string): Locator {
    return this.#page.locator('.notification-toast').filter({ hasText: text });
  }
}
