import type { Locator, Page } from 'playwright-core';
import { until } from './until.ts';

/** The icons at the left edge, each by the title of its container. */
export class ActivityBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Shows this container in the side bar. */
  async open(title: string): Promise<void> {
    const item = this.#item(title);
    await item.waitFor();
    // The badge lies over the icon, so the whole item is clicked. A second click would hide the side bar.
    if ((await item.getAttribute('aria-selected')) !== 'true') await item.click();
    await until(`${title} in the side bar`, async () => (await item.getAttribute('aria-selected')) === 'true');
  }

  /** What its badge says; nothing where it has none. */
  async badge(title: string): Promise<string> {
    await this.#item(title).waitFor();
    const badge = this.#item(title).locator('.badge-content');
    return (await badge.isVisible()) ? badge.innerText() : '';
  }

  /** Waits until the badge says this. */
  async showsBadge(title: string, wanted: string): Promise<void> {
    await until(`the badge "${wanted}" on ${title}`, async () => (await this.badge(title)) === wanted);
  }

  #item(title: string): Locator {
    const label = this.#page.locator(`a.action-label[aria-label^=${JSON.stringify(title)}]`);
    return this.#page.locator('.part.activitybar .action-item').filter({ has: label }).first();
  }
}
