// Measures in a real VS Code; prints one line of JSON: the figures, or why there are none.
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { Editor } from '../editor/editor.ts';
import { runInside } from '../editor/inside.ts';
import { findMeans, type Means } from '../editor/means.ts';
import { until } from '../editor/until.ts';
import { packageExtension } from '../editor/vsix.ts';
import type { Window } from '../editor/window.ts';
import { makeRepository } from './sampleRepository.ts';
import { withTemporary } from './temporary.ts';
import type { EditorFigures } from './editor.ts';

const root = resolve(import.meta.dirname, '..', '..');
const WINDOWS = 11;
const OURS = 'MCP Task Relay';
/** A small extension of VS Code's own that starts by the same event. */
const PEER = 'Merge Conflict';
const PALETTES = 15;
const CROWD = { jobs: 1000, changes: 20, stormMs: 5000 };

async function measure(means: Means): Promise<EditorFigures> {
  return withTemporary(async (directory) => {
    const vsix = join(directory, 'relay.vsix');
    await packageExtension(root, vsix);
    const repository = join(directory, 'repository');
    makeRepository(repository, 10, 100);
    const editor = await Editor.start(means, { vsix: [vsix] });
    try {
      const activations: number[] = [];
      const peers: number[] = [];
      // The first window fills the caches that a second start of VS Code has.
      for (let run = -1; run < WINDOWS; run++) {
        const window = await editor.open(repository);
        // Only where the relay has said that it is there.
        await window.statusBar.shown('Relay');
        await showsBoth(window);
        const [ours, peer] = [await activationOf(window, OURS), await activationOf(window, PEER)];
        if (run >= 0) activations.push(ours);
        if (run >= 0) peers.push(peer);
        await editor.closeWindow(window);
      }
      const palettes = await palettesIn(await editor.open(repository));
      return {
        ...{ activations, peers, palettes, ...(await crowdIn(means, repository)) },
        vsixBytes: statSync(vsix).size,
        extensionBytes: statSync(join(root, 'dist', 'extension.cjs')).size,
      };
    } finally {
      await editor.close();
    }
  });
}

/** Only rows in sight are drawn, the slowest first, and the list is that of the moment when it was opened. */
async function showsBoth(window: Window): Promise<void> {
  await window.page.setViewportSize({ width: 1280, height: 3000 });
  await until('both among the running extensions', async () => {
    await window.editors.closeAll();
    await window.runCommand('Developer: Show Running Extensions');
    await rowOf(window, OURS).first().waitFor();
    return (await rowOf(window, PEER).count()) > 0;
  });
}

function rowOf(window: Window, extension: string): Locator {
  return window.page.locator('.runtime-extensions-editor .extension', { hasText: extension });
}

/** What VS Code itself tells in "Developer: Show Running Extensions": loading the code and the call of `activate`. */
async function activationOf(window: Window, extension: string): Promise<number> {
  const row = rowOf(window, extension);
  const text = await until('the activation time', async () => {
    const told = await row.locator('.activation-time').first().textContent();
    return told !== null && /\d/.test(told) && told;
  });
  return Number(/(\d+)\s*ms/.exec(text)?.[1] ?? Number.NaN);
}

/** From Enter on "Relay: Submit Task" in the palette to the first question in the page, by the page's own clock. */
async function palettesIn(window: Window): Promise<readonly number[]> {
  await window.statusBar.shown('Relay');
  const figures: number[] = [];
  for (let run = -3; run < PALETTES; run++) {
    await window.openPalette('Relay: Submit Task');
    await window.quickInput.settled();
    await window.quickInput.focus('Relay: Submit Task');
    await window.page.evaluate(watchFirstQuestion);
    await window.quickInput.accept();
    const took = await until('the first question', () => read(window.page, 'relayQuestionAfter'));
    if (run >= 0) figures.push(took);
    await window.quickInput.shown('Submit Task (1/6)');
    await window.quickInput.cancel();
  }
  return figures;
}

async function read(page: Page, name: string): Promise<number | undefined> {
  return z
    .number()
    .optional()
    .parse(await page.evaluate(`window.${name}`));
}

const watchFirstQuestion = `(() => {
  window.relayQuestionAfter = undefined;
  let pressed;
  window.addEventListener('keydown', (event) => { if (event.key === 'Enter') pressed ??= event.timeStamp; }, { capture: true, once: true });
  const observer = new MutationObserver(() => {
    const title = document.querySelector('.quick-input-widget .quick-input-title');
    if (pressed === undefined || title?.textContent?.startsWith('Submit Task') !== true) return;
    if (title.closest('.quick-input-widget').style.display === 'none') return;
    window.relayQuestionAfter = performance.now() - pressed;
    observer.disconnect();
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
})()`;

/** The tree of a thousand jobs: what a row shows of when it was read, against when it was drawn; and a storm of changes. */
async function crowdIn(
  means: Means,
  folder: string,
): Promise<Pick<EditorFigures, 'changed' | 'added' | 'storm' | 'refreshesASecond'>> {
  const editor = await Editor.start(means, { smokeTestDriver: true });
  try {
    const module = join(root, 'test', 'editor', 'inside', 'thousandJobs.ts');
    const running = runInside(editor, { module, argument: CROWD, folders: [folder], contributes: VIEW });
    const window = await until('the window', () => editor.windows[0]);
    await window.isReady();
    await window.page.evaluate(watchStamps);
    let drawn: Drawn = { changed: [], added: [] };
    const over = running.then(() => true);
    // The window is closed when the run inside has ended: the figures are read until then.
    while (!(await Promise.race([over, systemClock.pause(200).then(() => false)]))) {
      const seen = Drawn.safeParse(await window.page.evaluate('window.relayDrawn').catch(() => undefined));
      if (seen.success) drawn = seen.data;
    }
    const { refreshes, announced } = z.object({ refreshes: z.int(), announced: z.int() }).parse(await running);
    return {
      changed: drawn.changed.slice(0, CROWD.changes),
      added: drawn.added.slice(0, CROWD.changes),
      storm: announced,
      refreshesASecond: (refreshes * 1000) / CROWD.stormMs,
    };
  } finally {
    await editor.close();
  }
}

const VIEW = {
  viewsContainers: { activitybar: [{ id: 'relay', title: 'Crowd', icon: 'none.svg' }] },
  views: { relay: [{ id: 'relay.jobs', name: 'Jobs' }] },
};

const Drawn = z.object({ changed: z.array(z.number()), added: z.array(z.number()) });
type Drawn = z.infer<typeof Drawn>;

const watchStamps = `(() => {
  window.relayDrawn = { changed: [], added: [] };
  let last = 0;
  new MutationObserver(() => {
    for (const label of document.querySelectorAll('.monaco-list-row .label-name')) {
      const [, kind, stamp] = /^(changed|added) @([\\d.]+)$/.exec(label.textContent ?? '') ?? [];
      if (stamp === undefined || Number(stamp) <= last) continue;
      last = Number(stamp);
      window.relayDrawn[kind].push(performance.timeOrigin + performance.now() - Number(stamp));
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
})()`;

const means = await findMeans();
const told = means.ok ? await measure(means.value) : { missing: means.error };
process.stdout.write(`${JSON.stringify(told)}\n`);
