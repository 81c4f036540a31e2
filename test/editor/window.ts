import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ActivityBar } from './activityBar.ts';
import { Dialog } from './dialog.ts';
import { EditorArea } from './editorArea.ts';
import { OutputPanel } from './outputPanel.ts';
import { QuickInput } from './quickInput.ts';
import { StatusBar } from './statusBar.ts';
import { Toasts } from './toasts.ts';
import { Tree } from './tree.ts';
import { until } from './until.ts';
import { themeLooks, type Theme } from './userData.ts';
import { Webview } from './webview.ts';

const screenshotDirectory = join(import.meta.dirname, 'screenshots');

/** What the server edition says on any page: parts that its open build has not, and a network that is not there. */
const noise = [
  /^Failed to load resource/,
  /^A bad HTTP response code \(404\) was received when fetching the script/,
  /\[Service Worker\] registration/,
  /Timed out waiting for authentication provider 'github'/,
  /\[lifecycle\] Long running operations during shutdown/,
  /Unable to (?:read|write) file 'vscode-(?:log|userdata)/,
];

const accepted = (): boolean => true;
const refused = (): boolean => false;

/** One window of VS Code, with the words for what a person sees and does there. Everything waits until it is so. */
export class Window {
  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly activityBar: ActivityBar;
  readonly statusBar: StatusBar;
  readonly toasts: Toasts;
  readonly dialog: Dialog;
  readonly editors: EditorArea;
  readonly output: OutputPanel;
  readonly #errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    this.quickInput = new QuickInput(page);
    this.activityBar = new ActivityBar(page);
    this.statusBar = new StatusBar(page);
    this.toasts = new Toasts(page);
    this.dialog = new Dialog(page);
    this.editors = new EditorArea(page);
    this.output = new OutputPanel(this);
    page.on('console', (message) => {
      if (message.type() === 'error') this.#errors.push(message.text());
    });
    page.on('pageerror', (error) => this.#errors.push(error.message));
  }

  /** Waits until the workbench is restored and the first extensions are there. */
  async isReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor();
    await this.page.locator('.monaco-workbench .part.activitybar .action-item').first().waitFor();
  }

  /** Runs a command by the Command Palette and the keyboard, by its whole title (`Relay: Submit Task`). */
  async runCommand(title: string): Promise<void> {
    // A palette that was opened before an extension was there does not get to know of its commands.
    await until(`"${title}" in the palette`, () => this.#offers(title));
    await this.quickInput.focus(title);
    await this.quickInput.accept();
    await until(`the palette to take "${title}"`, async () => !(await this.#isPalette()));
  }

  /** Leaves the palette open where it offers the command. */
  async #offers(title: string): Promise<boolean> {
    await this.openPalette(title);
    await this.quickInput.settled();
    const isOffered = await this.quickInput.offers(title);
    if (!isOffered) await this.quickInput.cancel();
    return isOffered;
  }

  /** Opens the Command Palette and types; what it offers is in `quickInput.picks()`. */
  async openPalette(text: string): Promise<void> {
    // A menu that is open takes the first key for itself, and an editor that is late to open takes the focus away.
    await until('the Command Palette', async () => {
      if (!(await this.#isPalette())) await this.page.keyboard.press('F1');
      const isOpen = await until('it', () => this.#isPalette(), 2000).catch(() => false);
      return isOpen && (await this.quickInput.type(`>${text}`, 3000).then(accepted, refused));
    });
  }

  /** Whether the Command Palette offers this command now. */
  async offersCommand(title: string): Promise<boolean> {
    const isOffered = await this.#offers(title);
    if (isOffered) await this.quickInput.cancel();
    return isOffered;
  }

  async #isPalette(): Promise<boolean> {
    return (await this.quickInput.value()).startsWith('>');
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** The tree of a view by the view's name, such as `Jobs`. Its container must be open. */
  tree(view: string): Tree {
    return new Tree(this.page, view);
  }

  /** Drags the edge of the side bar to the right. */
  async widenSideBar(pixels: number): Promise<void> {
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (box === null) throw new Error('there is no side bar');
    const [x, y] = [box.x + box.width, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + pixels, y, { steps: 4 });
    await this.page.mouse.up();
  }

  /** What a view says while it is empty (its welcome content), and the links and buttons in it. */
  async welcome(view: string): Promise<string> {
    const pane = this.page.locator(`.pane:has(> .pane-header[aria-label^="${view}"])`);
    const content = pane.locator('.welcome-view-content').filter({ visible: true });
    await content.first().waitFor();
    return (await content.first().innerText()).trim();
  }

  /** Waits for the webview in sight with this title, or for any. */
  webview(title?: string): Promise<Webview> {
    return Webview.find(this.page, title);
  }

  /** Loads the window anew, as "Developer: Reload Window" does: another extension host, the same user data. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.isReady();
  }

  /** Changes the theme by the theme picker. */
  async useTheme(theme: Theme): Promise<void> {
    const { label, className } = themeLooks[theme];
    await this.runCommand('Preferences: Color Theme');
    await until('the themes', async () => (await this.quickInput.placeholder()).startsWith('Select Color Theme'));
    await this.quickInput.type(label);
    await this.quickInput.pick(label);
    await this.quickInput.gone();
    await this.page.locator(`.monaco-workbench.${className}`).waitFor();
  }

  clipboard(): Promise<string> {
    return this.page.evaluate<string>('navigator.clipboard.readText()');
  }

  /**
   * The errors on the page's console so far, the extension host's among them, a line each, without what this edition always
   * says.
   */
  errors(): readonly string[] {
    const real = this.#errors.filter((text) => !noise.some((pattern) => pattern.test(text)));
    return real.map((text) => (text.split('\n')[0] ?? '').replace(/^%c\s*/, ''));
  }

  /** A picture of the window in the ignored folder; its path. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(screenshotDirectory, { recursive: true });
    const path = join(screenshotDirectory, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}
