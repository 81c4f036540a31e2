import type { Page } from 'playwright-core';
import { until } from './until.ts';

const ITEMS = '.context-view .monaco-menu a.action-menu-item';

/** Chooses an item, by the whole of its name, from the menu that is open. */
export async function chooseFromMenu(page: Page, name: string): Promise<void> {
  const label = page.locator(`.action-label[aria-label=${JSON.stringify(name)}]`);
  const item = page.locator(ITEMS).filter({ has: label });
  await item.waitFor();
  // A menu takes no click in its first moments, so that the one that opened it does not choose.
  await until(`the menu to take "${name}"`, async () => {
    if (!(await item.isVisible())) return true;
    await item.click({ timeout: 1000 }).catch(() => undefined);
    return false;
  });
}

/** The names in the menu that is open, which is closed again. */
export async function menuItems(page: Page): Promise<readonly string[]> {
  await page.locator(ITEMS).first().waitFor();
  const names = await page.locator(`${ITEMS} .action-label`).allTextContents();
  await page.keyboard.press('Escape');
  await page.locator(ITEMS).first().waitFor({ state: 'detached' });
  return names;
}
