import { patchItems } from '../git/patchItems.ts';
import { givenSecrets, type GivenSecret } from './givenSecrets.ts';
import { libraryRules } from './libraryRules.ts';
import { keyBlocks, namedSecrets } from './secretPatterns.ts';
import type { SecretRules } from './secretRule.ts';
import { tokens } from './tokenPatterns.ts';
import { SecretWindow, type PlacedMatch } from './secretWindow.ts';

/** What is scanned. Names are for people: a path, or `logs.txt`. */
export type SecretSource =
  /** Its added lines are what is looked at; its files are the sources that matches name. */
  | { readonly kind: 'patch'; readonly patch: Buffer }
  /** An attempt's log: what stands before each line, time and stream, is none of the text. */
  | { readonly kind: 'log'; readonly name: string; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly name: string; readonly bytes: Buffer };

const STREAMS = ['stdout', 'stderr', 'agent', 'relay'];
const LOG_LINE = /^\S{20,40} (stdout|stderr|agent|relay) {0,2}\| /;
const LONGEST_LOG_HEAD = 60;

/** Matches after which a scan ends: such a text is no accident, and memory is bounded. */
const MOST_FOUND = 2000;

/** Bytes after which others get their turn: a scan blocks nobody for long. */
const TURN_BYTES = 512 * 1024;

/** Loads the rules when they are first needed: no start of a host or a command line waits for them. */
export class SecretScan {
  readonly #rules: SecretRules;
  #sinceTurn = 0;
  #found = 0;

  private constructor(rules: SecretRules) {
    this.#rules = rules;
  }

  static async open(given: readonly GivenSecret[] = []): Promise<SecretScan> {
    const known = givenSecrets(given);
    return new SecretScan({
      text: [...known, ...tokens, ...namedSecrets, ...keyBlocks, ...(await libraryRules())],
      keyBlocks: [...known, ...keyBlocks],
    });
  }

  /** Whether everything was looked at: a scan ends where too much was found. */
  get isComplete(): boolean {
    return this.#found <= MOST_FOUND;
  }

  async run(source: SecretSource): Promise<readonly PlacedMatch[]> {
    const found = await this.#run(source);
    this.#found += found.length;
    return found;
  }

  async #run(source: SecretSource): Promise<readonly PlacedMatch[]> {
    switch (source.kind) {
      case 'patch':
        return this.#patch(source.patch);
      case 'log':
        return this.#log(source.name, source.bytes);
      case 'file':
        return this.#file(source.name, source.bytes);
    }
  }

  async #patch(patch: Buffer): Promise<readonly PlacedMatch[]> {
    const found: PlacedMatch[] = [];
    let window = new SecretWindow('', []);
    for (const item of patchItems(patch)) {
      if (item.kind === 'file') {
        found.push(...window.end());
        if (found.length > MOST_FOUND) return found;
        window = new SecretWindow(item.path, this.#rules.text);
      } else if (item.kind === 'hunk') window.gap();
      else if (item.kind === 'line') {
        window.line(patch.toString('latin1', item.from, item.to), item.line, 1, item.sign === '+');
        if (this.#isTurn(item.to - item.from)) await othersTurn();
        if (window.found > MOST_FOUND) break;
      }
    }
    return [...found, ...window.end()];
  }

  async #log(name: string, bytes: Buffer): Promise<readonly PlacedMatch[]> {
    const windows = new Map(STREAMS.map((stream) => [stream, new SecretWindow(name, this.#rules.text)]));
    const other = new SecretWindow(name, this.#rules.text);
    for (const { from, to, line } of linesIn(bytes)) {
      const head = LOG_LINE.exec(bytes.toString('latin1', from, Math.min(to, from + LONGEST_LOG_HEAD)));
      const skipped = head?.[0].length ?? 0;
      const window = windows.get(head?.[1] ?? '') ?? other;
      window.line(bytes.toString('latin1', from + skipped, to), line, 1 + skipped, true);
      if (this.#isTurn(to - from)) await othersTurn();
      if (window.found > MOST_FOUND) break;
    }
    return [...windows.values(), other].flatMap((window) => window.end());
  }

  /** What git calls binary is looked through for key blocks alone; text is text, whatever an attribute says of it. */
  async #file(name: string, bytes: Buffer): Promise<readonly PlacedMatch[]> {
    const text = asText(bytes);
    const window = new SecretWindow(name, text === undefined ? this.#rules.keyBlocks : this.#rules.text);
    for (const { from, to, line } of linesIn(text ?? bytes)) {
      window.line((text ?? bytes).toString('latin1', from, to), line, 1, true);
      if (this.#isTurn(to - from)) await othersTurn();
      if (window.found > MOST_FOUND) break;
    }
    return window.end();
  }

  /** Whether others are to have their turn after so many bytes more. */
  #isTurn(bytes: number): boolean {
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < TURN_BYTES) return false;
    this.#sinceTurn = 0;
    return true;
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function* linesIn(bytes: Buffer): Generator<{ from: number; to: number; line: number }> {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, from);
    const to = newline < 0 ? bytes.length : newline;
    yield { from, to, line };
    from = to + 1;
  }
}

/** How much of a file git looks at to tell text from what is none: a NUL in it. */
const HEAD_BYTES = 8000;

/** UTF-16 is text as well, where it says so. */
function asText(bytes: Buffer): Buffer | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return Buffer.from(bytes.toString('utf16le'));
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
    return Buffer.from(Buffer.from(even).swap16().toString('utf16le'));
  }
  return bytes.subarray(0, HEAD_BYTES).includes(0) ? undefined : bytes;
}
