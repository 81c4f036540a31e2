import type { FrameLocator, Locator, Page } from 'playwright-core';
import { until } from './until.ts';

/** A webview's document, two frames deep. */
export class Webview {
  /** The document itself, for what has no word here. */
  readonly document: FrameLocator;

  private constructor(document: FrameLocator) {
    this.document = document;
  }

  /** Waits for the webview in sight that has this title (the panel's), or for any. */
  static async find(page: Page, title?: string): Promise<Webview> {
    const name = await until(`the webview ${title ?? ''}`, () => nameOf(page, title));
    return new Webview(
      page.locator(`iframe.webview[name="${name}"]`).contentFrame().frameLocator('iframe#active-frame'),
    );
  }

  locator(selector: string): Locator {
    return this.document.locator(selector);
  }

  /** The text of what it shows. */
  text(): Promise<string> {
    return this.document.locator('body').innerText();
  }

  /** Waits for an element with this text. */
  async shows(text: string | RegExp): Promise<void> {
    await this.document.getByText(text).first().waitFor();
  }

  async press(button: string): Promise<void> {
    await this.document.getByRole('button', { name: button }).click();
  }
}

async function nameOf(page: Page, title: string | undefined): Promise<string | undefined> {
  for (const outer of await page.locator('iframe.webview.ready').filter({ visible: true }).all()) {
    const [inner] = await outer.contentFrame().locator('iframe#active-frame').all();
    if (inner === undefined) continue;
    if (title === undefined || (await inner.getAttribute('title')) === title) {
      return (await outer.getAttribute('name')) ?? undefined;
    }
  }
  return undefined;
}
