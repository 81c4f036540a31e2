import type { Locator, Page } from 'playwright-core';

/**
 * Elements whose whole text is this. Not `:text-is`, which finds the smallest element only: labels have spans in them, the
 * more so while a search highlights parts of them.
 */
export function exactly(page: Page, selector: string, text: string): Locator {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll(/\s+/g, String.raw`\s+`);
  return page.locator(selector).filter({ hasText: new RegExp(`^\\s*${escaped}\\s*$`) });
}
