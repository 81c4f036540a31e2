import type { Locator, Page } from 'playwright-core';

/** The bar at the bottom. */
export class StatusBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits for an item whose text contains this; its whole text, without its icon. */
  async shown(text: string): Promise<string> {
    await this.#item(text).waitFor();
    return (await this.#item(text).innerText()).trim();
  }

  async gone(text: string): Promise<void> {
    await this.#item(text).waitFor({ state: 'detached' });
  }

  /** What a screen reader says of it: icon, text, tooltip. */
  async accessibleName(text: string): Promise<string> {
    return (await this.#item(text).getAttribute('aria-label')) ?? '';
  }

  async click(text: string): Promise<void> {
    await this.#item(text).click();
  }

  #item(text: string): Locator {
    return this.#page.locator('.part.statusbar .statusbar-item').filter({ hasText: text }).first();
  }
}
