import type { BytePath } from '../git/path.ts';
import { asText, folded, foldedPath, partsOf } from './foldedPath.ts';
import { whyGitDirectory } from './forbiddenPath.ts';

export interface Lead {
  /** Why no patch may make the link, as the end of a sentence. */
  readonly why: string;
  /** The links on the way, the first one among them. */
  readonly by: readonly BytePath[];
}

/** The links of a tree: what each leads to, by its path. */
export type Links = ReadonlyMap<BytePath, BytePath>;

/** Linux takes no more (PATH_MAX). */
const LONGEST_TARGET = 4095;
/** Where Linux gives up: such a link leads nowhere. */
const MOST_LINKS = 40;

/** How a platform takes a path apart, and finds a link. */
interface Eyes {
  readonly parts: (target: BytePath) => readonly string[];
  readonly linkAt: (path: string) => BytePath | undefined;
}

/**
 * Tells where a link leads that is not inside of the repository; undefined where it stays there, or leads nowhere. Links on
 * the way are followed, because ".." after one is not what it looks like. Each is judged as Linux takes it, and as a platform
 * does where "\" parts folders, spaces after dots are dropped and names that fold to the same are the same.
 */
export function leadsOutside(links: Links): (path: BytePath) => Lead | undefined {
  const alike = new Map([...links.keys()].map((link) => [foldedPath(asText(link)), link]));
  const exact: Eyes = {
    parts: (target) => target.split('/'),
    linkAt: (path) => (links.has(path) ? path : undefined),
  };
  const loose: Eyes = {
    parts: (target) => partsOf(target).map((part) => part.replace(/(?<=^\.\.?) +$/, '')),
    linkAt: (path) => alike.get(foldedPath(asText(path))),
  };
  return (path) => follow(path, links, exact) ?? follow(path, links, loose);
}

function follow(start: BytePath, links: Links, { parts, linkAt }: Eyes): Lead | undefined {
  const by: BytePath[] = [];
  const place = start.split('/').slice(0, -1);
  let ahead: readonly string[] = [];
  for (let link: BytePath | undefined = start; ;) {
    if (link !== undefined) {
      by.push(link);
      if (by.length > MOST_LINKS) return undefined;
      const target: BytePath = links.get(link) ?? '';
      const why = whyBad(target);
      if (why !== undefined) return { why, by };
      ahead = [...parts(target), ...ahead];
      link = undefined;
    }
    const [name, ...rest] = ahead;
    if (name === undefined) return undefined;
    ahead = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (place.pop() === undefined) return { why: 'leads out of the repository', by };
      continue;
    }
    link = linkAt([...place, name].join('/'));
    if (link === undefined) place.push(name);
  }
}

function whyBad(target: BytePath): string | undefined {
  if (target === '') return 'leads to nothing: its target is empty';
  if (target.includes('\0')) return 'has a NUL in its target, which would be cut off there';
  if (target.length > LONGEST_TARGET)
    return `has a target of ${String(target.length)} bytes, more than a path may have`;
  const text = asText(target);
  if (/^[\\/]/.test(text)) return 'leads to an absolute path, and so outside of the repository';
  if (/^[a-z]:/i.test(text)) return 'leads to a drive of Windows, and so outside of the repository';
  const inGit = whyGitDirectory(text);
  if (inGit !== undefined) return `leads to what ${inGit}`;
  const ups = (path: string): number => partsOf(path).filter((part) => part === '..').length;
  return ups(folded(text)) > ups(text) ? 'has a part in its target that folds to ".."' : undefined;
}
