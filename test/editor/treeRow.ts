import type { Locator, Page } from 'playwright-core';
import { chooseFromMenu, menuItems } from './contextMenu.ts';
import { until } from './until.ts';

/** One row of a tree; it is looked up anew each time, so that it survives a refresh. */
export class TreeRow {
  readonly #page: Page;
  readonly #row: Locator;

  constructor(page: Page, row: Locator) {
    this.#page = page;
    this.#row = row;
  }

  /** Waits until it is there. */
  async shown(): Promise<this> {
    await this.#row.waitFor();
    return this;
  }

  async gone(): Promise<void> {
    await this.#row.waitFor({ state: 'detached' });
  }

  isShown(): Promise<boolean> {
    return this.#row.isVisible();
  }

  async description(): Promise<string> {
    return ((await this.#row.locator('.label-description').textContent()) ?? '').trim();
  }

  /** Waits until the description is this, or matches it. */
  async describedAs(wanted: string | RegExp): Promise<void> {
    await until(`a row described as ${String(wanted)}`, async () => {
      const is = await this.description();
      return typeof wanted === 'string' ? is === wanted : wanted.test(is);
    });
  }

  /** What a screen reader says. */
  async accessibleName(): Promise<string> {
    return (await this.#row.getAttribute('aria-label')) ?? '';
  }

  /** The name of its ThemeIcon, such as `check`. */
  async icon(): Promise<string> {
    const classes = (await this.#row.locator('.custom-view-tree-node-item-icon').getAttribute('class')) ?? '';
    return /codicon-(?!colored)([\w-]+)/.exec(classes)?.[1] ?? '';
  }

  async click(): Promise<void> {
    await this.#row.click();
  }

  async doubleClick(): Promise<void> {
    await this.#row.dblclick();
  }

  async expand(): Promise<void> {
    await this.#turn('true');
  }

  async collapse(): Promise<void> {
    await this.#turn('false');
  }

  async #turn(expanded: 'true' | 'false'): Promise<void> {
    await this.#row.waitFor();
    if ((await this.#row.getAttribute('aria-expanded')) === expanded) return;
    await this.#row.locator('.monaco-tl-twistie').click();
    await until('the row to turn', async () => (await this.#row.getAttribute('aria-expanded')) === expanded);
  }

  /** What shows when the mouse rests on it. */
  async tooltip(): Promise<string> {
    await this.#row.locator('.label-name').hover();
    const hover = this.#page.locator('.monaco-hover.workbench-hover:visible, .workbench-hover-container:visible');
    await hover.first().waitFor();
    return (await hover.first().innerText()).trim();
  }

  /** Waits until what shows when the mouse rests on it contains this. */
  async tells(text: string): Promise<void> {
    const hover = this.#page.locator('.workbench-hover:visible').filter({ hasText: text });
    await until(`a tooltip with "${text}"`, async () => {
      // Where the mouse is there already, nothing shows; and a row that is drawn anew meanwhile takes it away.
      await this.#page.mouse.move(0, 0);
      await this.#row.locator('.label-name').hover();
      return until('it', () => hover.first().isVisible(), 3000).catch(() => false);
    });
  }

  /** Presses an inline action by its name. */
  async action(name: string): Promise<void> {
    await this.#row.hover();
    await this.#row.locator(`.actions a.action-label[aria-label="${name}"]`).click();
  }

  /** The names of its inline actions. */
  async actions(): Promise<readonly string[]> {
    await this.#row.hover();
    const labels = await this.#row.locator('.actions a.action-label').all();
    return Promise.all(labels.map(async (label) => (await label.getAttribute('aria-label')) ?? ''));
  }

  /** Chooses from its context menu. */
  async choose(item: string): Promise<void> {
    // A hover of the row where the mouse was would be in the way.
    await this.#page.mouse.move(0, 0);
    await this.#row.click({ button: 'right' });
    await chooseFromMenu(this.#page, item);
  }

  /** What its context menu offers, which is closed again. */
  async choices(): Promise<readonly string[]> {
    await this.#row.click({ button: 'right' });
    return menuItems(this.#page);
  }
}
