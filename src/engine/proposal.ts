import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeFiles } from '../base/fileChange.ts';
import { placeInside } from '../base/insidePlace.ts';
import { err, messageOf, never, ok, type Result } from '../base/result.ts';
import { parseProposal, type Proposal } from '../domain/proposal.ts';
import { describe, type Git } from '../git/git.ts';

/** Why a proposal could not be made a change. `message` is for its author, who may mend it. */
export interface ProposalError {
  readonly kind: 'malformed' | 'conflict';
  readonly message: string;
}

/** Where a proposal is carried out; `git` is the relay's own, at the mirror. */
export interface ProposalPlace {
  readonly root: string;
  readonly git: Git;
}

/** How many were made of each kind. */
export interface Made {
  readonly edits: number;
  readonly files: number;
  readonly deletions: number;
}

/** Carries a proposal out in the slot: all of it, or nothing. */
export async function carryOut(text: string, place: ProposalPlace): Promise<Result<Made, ProposalError>> {
  const parsed = parseProposal(text);
  if (!parsed.ok) return err({ kind: 'malformed', message: parsed.error.message });
  const { edits = [], files = [], deletions = [] } = parsed.value;
  const draft = new Draft(place.root);
  const problems = await draft.take(parsed.value);
  if (problems.length > 0) return err({ kind: 'conflict', message: problems.join('\n') });
  const diff = diffOf(parsed.value);
  const done = diff === undefined ? await draft.write() : await applyDiff(diff, place);
  if (!done.ok) return done;
  return ok({ edits: edits.length, files: files.length, deletions: deletions.length });
}

/** The only change that the proposal has, where it has one. */
function diffOf({ diff, patch }: Proposal): Buffer | undefined {
  if (diff !== undefined) return Buffer.from(diff.endsWith('\n') ? diff : `${diff}\n`);
  return patch === undefined ? undefined : Buffer.from(patch, 'base64');
}

/** git takes a diff wholly or not at all. */
async function applyDiff(stdin: Buffer, { git, root }: ProposalPlace): Promise<Result<void, ProposalError>> {
  const done = await git.run(['apply', '--whitespace=nowarn', '-'], { cwd: root, stdin, env: { GIT_WORK_TREE: root } });
  if (done.ok) return ok(undefined);
  const message = done.error.kind === 'failed' ? done.error.stderr.trim() : describe(done.error);
  return err({ kind: 'conflict', message });
}

/** The files as a proposal would make them; null is a deletion. */
class Draft {
  readonly #root: string;
  readonly #files = new Map<string, Buffer | null>();

  constructor(root: string) {
    this.#root = root;
  }

  /** What does not fit, a line each. */
  async take({ edits = [], files = [], deletions = [] }: Proposal): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const { path, content } of files) {
      const wrong = await this.#wrongPlace(path);
      if (wrong === undefined) this.#files.set(path, Buffer.from(content));
      else problems.push(wrong);
    }
    for (const [index, { path, oldText, newText }] of edits.entries()) {
      const wrong = (await this.#wrongPlace(path)) ?? (await this.#edit(path, oldText, newText));
      if (wrong !== undefined) problems.push(`edit ${String(index + 1)}: ${wrong}`);
    }
    for (const path of deletions) {
      const wrong =
        (await this.#wrongPlace(path)) ?? ((await this.#read(path)) === undefined ? missing(path) : undefined);
      if (wrong !== undefined) problems.push(wrong);
      else if (this.#files.has(path)) problems.push(`${JSON.stringify(path)} is both written and deleted.`);
      else this.#files.set(path, null);
    }
    return [...problems, ...this.#nested()];
  }

  async write(): Promise<Result<void, ProposalError>> {
    try {
      await changeFiles(this.#root, this.#files);
      return ok(undefined);
    } catch (thrown) {
      return err({ kind: 'conflict', message: `The files could not be written: ${messageOf(thrown)}` });
    }
  }

  /** What would be a file and a folder at once. */
  #nested(): readonly string[] {
    return [...this.#files.keys()].flatMap((path) => {
      const parts = path.split('/');
      const above = parts.map((_part, index) => parts.slice(0, index).join('/')).find((one) => this.#files.has(one));
      return above === undefined
        ? []
        : [`${JSON.stringify(above)} would be a file, and ${JSON.stringify(path)} in it.`];
    });
  }

  async #edit(path: string, oldText: string, newText: string): Promise<string | undefined> {
    const before = await this.#read(path);
    if (before === undefined) return missing(path);
    const isCrlf = !oldText.includes('\r') && before.includes('\r\n') && !hasBareNewline(before);
    const native = (text: string): Buffer => Buffer.from(isCrlf ? text.replaceAll('\n', '\r\n') : text);
    const sought = native(oldText);
    const at = before.indexOf(sought);
    if (at < 0) return `oldText does not occur in ${JSON.stringify(path)}. It must be copied byte for byte.`;
    if (before.indexOf(sought, at + 1) >= 0)
      return `oldText occurs more than once in ${JSON.stringify(path)}. Give more of the lines around it.`;
    const after = Buffer.concat([before.subarray(0, at), native(newText), before.subarray(at + sought.length)]);
    this.#files.set(path, after);
    return undefined;
  }

  async #read(path: string): Promise<Buffer | undefined> {
    const drafted = this.#files.get(path);
    if (drafted !== undefined) return drafted ?? undefined;
    return readFile(join(this.#root, path)).catch(() => undefined);
  }

  /** Only regular files below real folders: nothing is written through a link, or into what is git's. */
  async #wrongPlace(path: string): Promise<string | undefined> {
    const shown = JSON.stringify(path);
    const place = await placeInside(this.#root, path);
    switch (place) {
      case 'file':
      case 'nothing':
        return undefined;
      case 'foreign':
        return `${shown} is no path inside of the repository.`;
      case 'git':
        return `${shown} belongs to git.`;
      case 'through':
        return `${shown} goes through something that is no folder.`;
      case 'folder':
      case 'other':
        return `${shown} is no regular file.`;
      default:
        return never(place);
    }
  }
}

function missing(path: string): string {
  return `There is no file ${JSON.stringify(path)}.`;
}

function hasBareNewline(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at - 1] !== 0x0d) return true;
  }
  return false;
}
