import type { Locator } from 'playwright-core';
import type { Drawn } from './drawn.ts';

/**
 * The lines that an editor draws, from top to bottom; with a `mark`, only those that lie under such a decoration. VS Code
 * places lines and decorations by their tops, in any order, and draws spaces as no-break spaces.
 */
export async function linesOf(editor: Locator, mark?: string): Promise<readonly string[]> {
  const found = await editor.evaluateAll((elements: readonly Drawn[], marked: string | null) => {
    const root = elements[0];
    if (root === undefined) return [];
    const top = (element: Drawn): number => element.getBoundingClientRect().top;
    const decorated = marked === null ? [] : [...root.querySelectorAll(`.view-overlays .${marked}`)].map(top);
    return [...root.querySelectorAll('.view-lines > .view-line')]
      .map((line) => ({ top: top(line), text: line.textContent }))
      .filter((line) => marked === null || decorated.some((at) => Math.abs(at - line.top) < 2))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text);
  }, mark ?? null);
  return found.map((text) => text.replaceAll('\u00a0', ' '));
}
