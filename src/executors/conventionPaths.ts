import { lstat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { JobSpec } from '../domain/jobSpec.ts';

/** Where agents look for a repository's conventions, from its root. */
const AT_ROOT = ['AGENTS.md', 'CLAUDE.md', '.github/copilot-instructions.md'] as const;
/** … and in the folders below: the nearest counts. */
const BELOW = ['AGENTS.md', 'CLAUDE.md'] as const;

const MOST_BELOW = 20;
const DEEPEST = 32;

/**
 * Files of conventions that are there or may be: those of the root, and for each place that the task names the nearest
 * below. Paths are relative to the checkout, with `/`.
 */
export async function conventionPaths(directory: string, spec: JobSpec): Promise<readonly string[]> {
  const places = [
    ...(spec.context?.codeSnippets ?? []).map(({ path }) => path),
    ...(spec.scope?.fileGlobs ?? []).map(literalPart),
  ];
  const found = new Set<string>();
  const looked = new Set<string>();
  for (const place of places) {
    for (const folder of upwards(place)) {
      // Whoever came by here before went on to the nearest.
      if (found.size >= MOST_BELOW || looked.has(folder)) break;
      looked.add(folder);
      const here = await existing(directory, folder);
      here.forEach((path) => found.add(path));
      if (here.length > 0) break;
    }
  }
  return [...AT_ROOT, ...[...found].sort()];
}

async function existing(directory: string, folder: string): Promise<readonly string[]> {
  const there = await Promise.all(
    BELOW.map(async (name) => {
      const path = `${folder}/${name}`;
      return (await lstat(join(directory, path)).catch(() => undefined)) === undefined ? [] : [path];
    }),
  );
  return there.flat();
}

/** The place itself, which may be a folder, and the folders above it, without the root; nothing of what leads out. */
function upwards(place: string): readonly string[] {
  const path = posix.normalize(place.replaceAll('\\', '/')).replace(/\/$/, '');
  if (path.startsWith('/') || path === '..' || path.startsWith('../') || /^[a-z]:/i.test(path)) return [];
  const parts = path.split('/').filter((part) => part !== '.');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/')).slice(-DEEPEST);
}

/** The folders before the first part with a sign of a pattern. */
function literalPart(glob: string): string {
  const parts = glob.split('/');
  const first = parts.findIndex((part) => /[*?[\]{}()\\]/.test(part));
  return (first < 0 ? parts : parts.slice(0, first)).join('/');
}
