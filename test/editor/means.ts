import type { ServerEdition } from './edition.ts';
import { serverEdition } from './edition.ts';
import { chromium } from './browser.ts';
import { ok, type Result } from '../../src/base/result.ts';

/** What it takes to run a real VS Code here. */
export interface Means {
  readonly server: ServerEdition;
  /** The path of a Chromium. */
  readonly chromium: string;
}

/** Finds them, or installs them on first use; or says why a real VS Code cannot be run here. */
export async function findMeans(): Promise<Result<Means, string>> {
  const [server, browser] = await Promise.all([serverEdition(), chromium()]);
  if (!server.ok) return server;
  if (!browser.ok) return browser;
  return ok({ server: server.value, chromium: browser.value });
}
