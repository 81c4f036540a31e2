import type { Locator, Page } from 'playwright-core';
import type { Drawn } from './drawn.ts';
import { exactly } from './exactly.ts';
import { TreeRow } from './treeRow.ts';
import { until } from './until.ts';

/** The tree of one view. Only rows that are in sight are drawn, and so only those are found. */
export class Tree {
  readonly #page: Page;
  readonly #name: string;

  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
  }

  /** The row with this label (the whole of it); the first one where several have it. */
  row(label: string): TreeRow {
    const exact = exactly(this.#page, '.label-name', label);
    return new TreeRow(this.#page, this.#rows().filter({ has: exact }).first());
  }

  /** The row whose label, description or accessible name contains this. */
  rowWith(text: string): TreeRow {
    return new TreeRow(
      this.#page,
      this.#rows()
        .and(this.#page.locator(`[aria-label*=${JSON.stringify(text)}]`))
        .first(),
    );
  }

  /** The labels in sight, from top to bottom; two spaces before each for a level. */
  async labels(): Promise<readonly string[]> {
    const rows = await this.#rows().evaluateAll((elements: readonly Drawn[]) =>
      elements.map((row) => ({
        at: Number(row.getAttribute('data-index')),
        level: Number(row.getAttribute('aria-level')),
        label: row.querySelector('.label-name')?.textContent ?? '',
      })),
    );
    return rows.sort((a, b) => a.at - b.at).map(({ level, label }) => '  '.repeat(level - 1) + label);
  }

  /** Waits until the labels in sight are these. */
  async shows(...labels: readonly string[]): Promise<void> {
    const wanted = labels.join('\n');
    let seen = '';
    await until(`the rows ${wanted}`, async () => (seen = (await this.labels()).join('\n')) === wanted).catch(
      (thrown: unknown) => {
        throw new Error(`${this.#name} shows\n${seen}\nwhere this was due\n${wanted}`, { cause: thrown });
      },
    );
  }

  /** A button in the view's title bar, by its name. */
  async titleAction(name: string): Promise<void> {
    const pane = this.#page.locator(`.composite:has([role="tree"][aria-label="${this.#name}"])`);
    const part = this.#page.locator('.part').filter({ has: pane });
    await part.hover();
    await part
      .locator(
        `.title-actions a.action-label[aria-label^="${name}"], .pane-header .actions a.action-label[aria-label^="${name}"]`,
      )
      .filter({ visible: true })
      .first()
      .click();
  }

  #rows(): Locator {
    return this.#page.locator(`[role="tree"][aria-label="${this.#name}"] .monaco-list-row[role="treeitem"]`);
  }
}
