import { SaxesParser } from 'saxes';
import { messageOf } from '../base/result.ts';
import type { Tally } from './tally.ts';

/** Elements within each other: JUnit's dialects need six or so. */
const DEEPEST = 64;
/** Characters of a failure's text that are kept while it is read. */
const LONGEST_TEXT = 2000;

interface Case {
  readonly name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  message: string;
  text: string;
}

/**
 * Reads one JUnit document: `testcase` elements, in suites nested as deep as they like, with `failure`, `error` or
 * `skipped` in them; what else is there (properties, outputs, reruns) is passed over. Tells why it cannot be read.
 *
 * Entities that a document defines are not known to the parser (it skips the DOCTYPE), so none can grow.
 */
export function readJunit(text: string, tally: Tally): string | undefined {
  try {
    return new Document(tally).read(text);
  } catch (thrown) {
    return `it is no well-formed XML (${messageOf(thrown)})`;
  }
}

class Document {
  readonly #tally: Tally;
  readonly #suites: string[] = [];
  readonly #open: string[] = [];
  #root: string | undefined;
  #case: Case | undefined;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  read(text: string): string | undefined {
    const parser = new SaxesParser({ position: false, xmlns: false } as const);
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', ({ name, attributes }) => this.#opens(name, attributes));
    parser.on('closetag', ({ name }) => this.#closes(name));
    parser.on('text', (said) => this.#says(said));
    parser.on('cdata', (said) => this.#says(said));
    parser.write(text).close();
    const isJunit = this.#root === 'testsuites' || this.#root === 'testsuite';
    return isJunit ? undefined : `it is no JUnit document, but <${this.#root ?? ''}>`;
  }

  #opens(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#open.length >= DEEPEST) throw new Error(`more than ${String(DEEPEST)} elements within each other`);
    this.#root ??= name;
    this.#open.push(name);
    switch (name) {
      case 'testsuite':
        this.#suites.push(attributes['name'] ?? '');
        break;
      case 'testcase':
        this.#case = { name: nameOf(attributes, this.#suites), outcome: 'passed', message: '', text: '' };
        break;
      case 'failure':
      case 'error':
        if (this.#case === undefined) break;
        this.#case.outcome = 'failed';
        this.#case.message ||= attributes['message'] ?? attributes['type'] ?? '';
        break;
      case 'skipped':
        if (this.#case?.outcome === 'passed') this.#case.outcome = 'skipped';
        break;
    }
  }

  #closes(name: string): void {
    this.#open.pop();
    if (name === 'testsuite') this.#suites.pop();
    if (name !== 'testcase' || this.#case === undefined) return;
    const { name: test, outcome, message, text } = this.#case;
    this.#case = undefined;
    if (outcome === 'failed') this.#tally.fail(test, message === '' ? text : message);
    else if (outcome === 'skipped') this.#tally.skip();
    else this.#tally.pass();
  }

  #says(text: string): void {
    const within = this.#open.at(-1);
    if (this.#case === undefined || (within !== 'failure' && within !== 'error')) return;
    if (this.#case.text.length < LONGEST_TEXT) this.#case.text += text.slice(0, LONGEST_TEXT);
  }
}

/** As people know it from their runner: the class or file, then the test; the suites where there is no class. */
function nameOf({ classname, name = '' }: Readonly<Record<string, string>>, suites: readonly string[]): string {
  const where = classname === undefined || classname === '' ? suites.filter((suite) => suite !== '') : [classname];
  return [...where, name].join(' > ');
}
