import { linesOf } from './viewLines.ts';
import { until } from './until.ts';
import type { Window } from './window.ts';

const SHOW = 'Output: Show Output Channels...';

/** The output channels, in the panel below. */
export class OutputPanel {
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Shows a channel by the palette. */
  async open(channel: string): Promise<void> {
    await this.#window.runCommand(SHOW);
    await until('the list of channels', async () => (await this.#window.quickInput.picks()).includes(channel));
    await this.#window.quickInput.type(channel);
    await this.#window.quickInput.pick(channel);
    await this.#window.quickInput.gone();
    await until(`the output of ${channel}`, async () => (await this.channel()) === channel);
  }

  /** The channel that is shown. */
  channel(): Promise<string> {
    return this.#window.page
      .locator('select[aria-label="Switch Output"]')
      .filter({ visible: true })
      .first()
      .inputValue();
  }

  /** The lines in sight. */
  async lines(): Promise<readonly string[]> {
    return linesOf(this.#window.page.locator('.part.panel .monaco-editor').first());
  }

  /** Waits until a line in sight contains this. */
  async shows(text: string): Promise<void> {
    await until(`"${text}" in the output`, async () => (await this.lines()).some((line) => line.includes(text)));
  }
}
