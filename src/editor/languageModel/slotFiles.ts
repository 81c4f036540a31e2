import { lstat, readdir, readFile, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { changeFiles } from '../../base/fileChange.ts';
import { isGitName, placeInside } from '../../base/insidePlace.ts';
import { err, never, ok, type Result } from '../../base/result.ts';

/** What a model is told that asked for something that it cannot have. */
export type Told = Result<string, string>;

/** Bytes of a file that is written, and of one that is searched; characters that one answer has. */
const MOST_BYTES = 1024 * 1024;
const MOST_ANSWERED = 48 * 1024;
const MOST_ENTRIES = 500;
const MOST_MATCHES = 100;
const MOST_FILES = 20_000;

/** Never looked into: git's own, and what a package manager has made. */
const SKIPPED: ReadonlySet<string> = new Set(['.git', 'node_modules']);

/** The files of a slot, as far as a model may have them: regular files below real folders, and nothing of git's. */
export class SlotFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async list(path: string): Promise<Told> {
    const found = await this.#place(path, 'folder');
    if (!found.ok) return found;
    const entries = await readdir(found.value, { withFileTypes: true });
    const names = entries
      .filter(({ name }) => !isGitName(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort();
    const more = names.length > MOST_ENTRIES ? [`… and ${String(names.length - MOST_ENTRIES)} more`] : [];
    return ok([...names.slice(0, MOST_ENTRIES), ...more].join('\n') || '(empty)');
  }

  /** Lines are counted from 1; `to` is the last one. */
  async read(path: string, from = 1, to = Infinity): Promise<Told> {
    const text = await this.#text(path);
    if (!text.ok) return text;
    const lines = text.value.split('\n');
    const part = lines.slice(from - 1, to).join('\n');
    if (part.length <= MOST_ANSWERED) return ok(part);
    return ok(
      `${part.slice(0, MOST_ANSWERED)}\n[cut here: the file has ${String(lines.length)} lines; read them in parts]`,
    );
  }

  /** The lines in which a text stands, as it is written. */
  async search(text: string, path: string): Promise<Told> {
    const found = await this.#place(path, 'folder');
    if (!found.ok) return found;
    const matches: string[] = [];
    let files = 0;
    const folders = [path === '.' ? '' : path];
    for (let folder = folders.pop(); folder !== undefined && matches.length < MOST_MATCHES; folder = folders.pop()) {
      for (const entry of await readdir(join(this.#root, folder), { withFileTypes: true })) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (isGitName(entry.name) || SKIPPED.has(entry.name)) continue;
        if (entry.isDirectory()) folders.push(name);
        if (!entry.isFile() || (files += 1) > MOST_FILES) continue;
        matches.push(...(await this.#matchesIn(name, text)));
      }
    }
    return ok(matches.slice(0, MOST_MATCHES).join('\n') || 'It stands nowhere.');
  }

  /** `oldText` must stand exactly once. */
  async edit(path: string, oldText: string, newText: string): Promise<Told> {
    const text = await this.#text(path);
    if (!text.ok) return text;
    const at = text.value.indexOf(oldText);
    if (at < 0) return err(`oldText does not occur in ${path}. It must be copied byte for byte.`);
    if (text.value.indexOf(oldText, at + 1) >= 0)
      return err(`oldText occurs more than once in ${path}. Give more of the lines around it.`);
    return this.write(path, text.value.slice(0, at) + newText + text.value.slice(at + oldText.length));
  }

  async write(path: string, content: string): Promise<Told> {
    const found = await this.#place(path, 'file', true);
    if (!found.ok) return found;
    if (Buffer.byteLength(content) > MOST_BYTES) return err(`${path} would be larger than 1 MiB.`);
    await changeFiles(dirname(found.value), new Map([[basename(found.value), content]]));
    return ok(`${path} is written.`);
  }

  async remove(path: string): Promise<Told> {
    const found = await this.#place(path, 'file');
    if (!found.ok) return found;
    await unlink(found.value);
    return ok(`${path} is deleted.`);
  }

  async #text(path: string): Promise<Told> {
    const found = await this.#place(path, 'file');
    if (!found.ok) return found;
    if ((await lstat(found.value)).size > MOST_BYTES) return err(`${path} is larger than 1 MiB: search in it instead.`);
    const bytes = await readFile(found.value);
    const text = bytes.toString('utf8');
    // An edit would write other bytes back.
    return Buffer.from(text).equals(bytes) ? ok(text) : err(`${path} is no text in UTF-8.`);
  }

  async #matchesIn(path: string, text: string): Promise<readonly string[]> {
    const content = await this.#text(path);
    if (!content.ok || !content.value.includes(text)) return [];
    const lines = content.value.split('\n').entries();
    return [...lines].flatMap(([index, line]) =>
      line.includes(text) ? [`${path}:${String(index + 1)}: ${line.slice(0, 300)}`] : [],
    );
  }

  /** No link is followed on the way, so what is below the slot stays there. */
  async #place(path: string, wanted: 'file' | 'folder', mayBeNew = false): Promise<Told> {
    const isAbsolute = path.startsWith('/');
    const plain = path
      .split('/')
      .filter((part) => part !== '.' && part !== '')
      .join('/');
    const place = isAbsolute ? 'foreign' : await placeInside(this.#root, plain);
    switch (place) {
      case wanted:
        return ok(join(this.#root, plain));
      case 'nothing':
        return mayBeNew ? ok(join(this.#root, plain)) : err(`There is no "${path}".`);
      case 'foreign':
        return err(`"${path}" is no path inside of the repository: give a relative one.`);
      case 'git':
        return err(`"${path}" belongs to git.`);
      case 'through':
      case 'other':
      case 'file':
      case 'folder':
        return err(`"${path}" is no ${wanted}, or leads through a link.`);
      default:
        return never(place);
    }
  }
}
