import type { Locator, Page } from 'playwright-core';
import { linesOf } from './viewLines.ts';
import { until } from './until.ts';

/** One side-by-side or inline diff, as far as it is in sight. */
export interface ShownDiff {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Those lines of `after` and `before` that are marked as inserted or deleted. */
  readonly inserted: readonly string[];
  readonly deleted: readonly string[];
}

/** One file in a multi-file diff. */
export interface ShownEntry extends ShownDiff {
  /** The file's name, then where it is: `a.txt /src`. */
  readonly file: string;
  /** `A`, `D`, `R` beside the name; empty for a change. */
  readonly status: string;
}

/** The editors in the middle of a window. */
export class EditorArea {
  readonly #page: Page;
  readonly #part: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#part = page.locator('.part.editor');
  }

  /** The labels of all tabs. */
  tabs(): Promise<readonly string[]> {
    return this.#part.locator('.tab .label-name').allInnerTexts();
  }

  /** Waits until the tab in front has this label. */
  async inFront(label: string): Promise<void> {
    await this.#part.locator('.tab.active').filter({ hasText: label }).first().waitFor();
  }

  /** Whether the tab in front has unsaved changes. */
  isDirty(): Promise<boolean> {
    return this.#part.locator('.tab.active.dirty').first().isVisible();
  }

  /** Clicks into the text editor in front, so that keys go there. */
  async focusText(): Promise<void> {
    await this.#part.locator('.editor-instance .monaco-editor .view-lines').first().click();
  }

  /** Opens a file of the workspace by its path there, through quick open and the keyboard. */
  async openFile(path: string): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+P');
    await this.#page.locator('.quick-input-widget:visible .quick-input-box input').waitFor();
    await this.#page.keyboard.type(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    await this.#page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: name }).waitFor();
    await this.#page.keyboard.press('Enter');
    await this.inFront(name);
  }

  /** The lines in sight of the text editor in front. */
  async lines(): Promise<readonly string[]> {
    const editor = this.#part.locator('.editor-instance .monaco-editor').first();
    await editor.waitFor();
    return linesOf(editor);
  }

  /** Waits until the text editor in front shows a line that contains this. */
  async showsLine(text: string): Promise<void> {
    await until(`a line with "${text}"`, async () => (await this.lines()).some((line) => line.includes(text)));
  }

  /** Waits until a line that contains this is marked as wrong in the text editor in front. */
  async marks(text: string): Promise<void> {
    const editor = this.#part.locator('.editor-instance .monaco-editor').first();
    await until(`"${text}" to be marked`, async () =>
      (await linesOf(editor, 'squiggly-warning')).some((line) => line.includes(text)),
    );
  }

  /** The diff editor in front, once it has computed its diff: one that differs in nothing is not waited for. */
  async diff(): Promise<ShownDiff> {
    return until('a diff', async () => {
      const diff = await readDiff(this.#part.locator('.editor-instance .monaco-diff-editor').first());
      return diff.inserted.length + diff.deleted.length > 0 && diff;
    });
  }

  /** The files of the multi-file diff in front that are drawn, from top to bottom. */
  async multiDiff(): Promise<readonly ShownEntry[]> {
    const entries = this.#part.locator('.multiDiffEntry').filter({ visible: true });
    await entries.first().waitFor();
    const placed = await Promise.all((await entries.all()).map(placedEntry));
    return placed.sort((a, b) => a.top - b.top).map(({ entry }) => entry);
  }

  /** Waits until the multi-file diff in front is as wanted. */
  async multiDiffUntil(
    what: string,
    isSo: (entries: readonly ShownEntry[]) => boolean,
  ): Promise<readonly ShownEntry[]> {
    return until(what, async () => {
      const entries = await this.multiDiff();
      return isSo(entries) && entries;
    });
  }

  /** A button at the right of the tabs, by its name. */
  async titleAction(name: string): Promise<void> {
    await this.#part
      .locator(`.editor-actions a.action-label[aria-label^=${JSON.stringify(name)}]`)
      .first()
      .click();
  }

  async closeAll(): Promise<void> {
    const areClosed = async (): Promise<boolean> => (await this.tabs()).length === 0;
    await until('all editors to close', async () => {
      // A webview that still loads takes the focus, and keys with it.
      await this.#page.keyboard.press('ControlOrMeta+K');
      await this.#page.keyboard.press('ControlOrMeta+W');
      return until('them', areClosed, 3000).catch(() => false);
    });
  }
}

async function placedEntry(entry: Locator): Promise<{ readonly top: number; readonly entry: ShownEntry }> {
  return { top: (await entry.boundingBox())?.y ?? 0, entry: await readEntry(entry) };
}

async function readEntry(entry: Locator): Promise<ShownEntry> {
  const title = entry.locator('.file-path .title.modified');
  const [name, where, status, diff] = await Promise.all([
    title.locator('.label-name').first().textContent(),
    title.locator('.label-description').allTextContents(),
    entry.locator('.file-path .status').textContent(),
    readDiff(entry),
  ]);
  return { file: [name ?? '', ...where].join(' ').trim(), status: (status ?? '').trim(), ...diff };
}

async function readDiff(diff: Locator): Promise<ShownDiff> {
  const [before, after] = [diff.locator('.editor.original'), diff.locator('.editor.modified')];
  const [all, some, deleted, inserted] = await Promise.all([
    linesOf(before),
    linesOf(after),
    linesOf(before, 'line-delete'),
    linesOf(after, 'line-insert'),
  ]);
  return { before: all, after: some, deleted, inserted };
}
