import { createHmac } from 'node:crypto';
import { failure } from '../domain/failure.ts';
import type { ObjectId } from '../domain/ids.ts';
import type { SecretFind } from '../domain/secretFind.ts';
import { blobs, inTree } from '../git/blobs.ts';
import { describe, type Git } from '../git/git.ts';
import { patchItems } from '../git/patchItems.ts';
import type { Bundle } from './bundle.ts';
import { failed, passed, type Finding } from './finding.ts';
import type { GivenSecret } from './givenSecrets.ts';
import { linesOf, Redactor, type Redacted } from './redactor.ts';
import { SecretScan, type SecretSource } from './secretScan.ts';
import type { PlacedMatch } from './secretWindow.ts';

/** What the scan needs beside the bundle. */
export interface SecretsGround {
  /** The record's own: without it, a fingerprint tells nothing of a secret that could be guessed. */
  readonly key: Uint8Array;
  /** Fingerprints that a person has lifted. */
  readonly lifted: ReadonlySet<string>;
  /** The commit whose files may have secrets, where the baseline is none of the repository's; else the baseline. */
  readonly committed?: ObjectId;
  /** Values of variables that the user has let through. */
  readonly given?: readonly GivenSecret[];
  /** The attempt's log as it is now, with what was said about the attempt; asked again when gates have printed to it. */
  log(): Promise<Buffer>;
  /** What the executor's program printed, as it came. */
  readonly raw?: { readonly name: string; read(): Promise<Buffer> };
  /** What the executor says of its work. */
  readonly said?: string;
}

/** A larger file that git calls binary is not looked into. */
const LARGEST_BINARY = 64 * 1024 * 1024;

const LOG_NAME = 'logs.txt';

/** Where a find in a name stands: the name itself would show it. */
const NAMES = 'the name of a file';

/** Secrets in the patch, in the log and in what the executor said; what stands, and what takes it out. */
export class SecretsCheck {
  readonly #bundle: Bundle;
  readonly #git: Git;
  readonly #ground: SecretsGround;
  #scan: Promise<SecretScan> | undefined;
  #inWork: readonly PlacedMatch[] = [];
  #inLog: readonly PlacedMatch[] = [];
  /** What executor and gates said besides. */
  #inWords: readonly PlacedMatch[] = [];
  #logBytes = 0;
  #unseen: string[] = [];
  #isComplete = true;
  /** Why a file could not be read, if one could not: what it holds is not known to any redactor. */
  #unread: string | undefined;
  #sorted: Sorted = { standing: [], printed: [], lifted: [], known: [] };

  constructor(bundle: Bundle, git: Git, ground: SecretsGround) {
    this.#bundle = bundle;
    this.#git = git;
    this.#ground = ground;
  }

  /** Those that are neither lifted nor in the baseline. */
  get finds(): readonly SecretFind[] {
    return this.#sorted.standing.map(({ find }) => find);
  }

  /** Takes them out of what is served. */
  redactor(): Redactor {
    const { standing, printed } = this.#sorted;
    const areAll = this.#isComplete && this.#unread === undefined;
    return new Redactor(standing.map(redactedOf), areAll, printed.map(redactedOf));
  }

  async run(): Promise<Finding> {
    const { patch } = this.#bundle;
    const { said } = this.#ground;
    const found: PlacedMatch[] = [...(await this.#look({ kind: 'patch', patch }))];
    const binaries = binariesOf(this.#bundle);
    for await (const blob of blobs(this.#git, [...binaries.keys()], LARGEST_BINARY)) {
      if (!blob.ok) {
        this.#unread = describe(blob.error);
        break;
      }
      const { id, bytes } = blob.value;
      for (const name of binaries.get(id) ?? [id]) {
        if (bytes === undefined) this.#unseen.push(name);
        else found.push(...(await this.#look({ kind: 'file', name, bytes })));
      }
    }
    found.push(...(await this.#look({ kind: 'file', name: NAMES, bytes: newNames(this.#bundle) })));
    this.#inWork = found;
    const told: PlacedMatch[] = [];
    if (said !== undefined)
      told.push(...(await this.#look({ kind: 'file', name: "the executor's report", bytes: Buffer.from(said) })));
    const { raw } = this.#ground;
    if (raw !== undefined) told.push(...(await this.#look({ kind: 'file', name: raw.name, bytes: await raw.read() })));
    this.#inWords = told;
    await this.#lookAtLog();
    return this.#judged();
  }

  /**
   * Once more, with what the log has got since, and what gates printed and their reports tell: they run a model's code as
   * well, and the log leaves out what is too much for it. Undefined where nothing came.
   */
  async again(others: AsyncIterable<SecretSource>): Promise<Finding | undefined> {
    let isNew = await this.#lookAtLog();
    for await (const source of others) {
      const found = await this.#look(source);
      this.#inWords = [...this.#inWords, ...found];
      isNew ||= found.length > 0;
    }
    return isNew ? this.#judged() : undefined;
  }

  async #lookAtLog(): Promise<boolean> {
    const bytes = await this.#ground.log();
    if (bytes.length === this.#logBytes) return false;
    this.#logBytes = bytes.length;
    this.#inLog = await this.#look({ kind: 'log', name: LOG_NAME, bytes });
    return true;
  }

  async #look(source: SecretSource): Promise<readonly PlacedMatch[]> {
    const scan = await (this.#scan ??= SecretScan.open(this.#ground.given));
    const found = await scan.run(source);
    this.#isComplete = scan.isComplete;
    return found;
  }

  async #judged(): Promise<Finding> {
    const told = (match: PlacedMatch): Told => ({ match, find: findOf(match, this.#ground.key) });
    const printed = [...this.#inWords, ...this.#inLog].map(told);
    this.#sorted = await this.#sort([...this.#inWork.map(told), ...printed], new Set(printed));
    if (!this.#isComplete) return failed(failure('POLICY', TOO_MANY));
    // A secret that stands is told first: it would stand at the next attempt as well.
    if (this.#unread !== undefined && this.#sorted.standing.length === 0)
      return failed(failure('INTERNAL_ERROR', `A file could not be scanned: ${this.#unread}`));
    return findingOf(this.#sorted, this.#unseen, this.#logBytes + this.#bundle.patch.byteLength);
  }

  /**
   * What the repository has at its baseline is no news, wherever it stands there: a moved line fails no job. Uncommitted
   * work is no news to its user alone: a patch would make it public.
   */
  async #sort(all: readonly Told[], printed: ReadonlySet<Told>): Promise<Sorted> {
    const { lifted } = this.#ground;
    const others = all.filter(({ find }) => !lifted.has(find.fingerprint));
    const told = await inTree(this.#git, this.#ground.committed ?? this.#bundle.baseTree, [
      ...new Set(others.slice(0, MOST_SOUGHT).flatMap(({ match }) => linesOf(match.secret))),
    ]);
    // Every line of it: keys of one kind begin alike.
    const known = ({ secret }: PlacedMatch): boolean => {
      const lines = linesOf(secret);
      return told.ok && lines.length > 0 && lines.every((line) => told.value.has(line));
    };
    // A program may say what it was given: this is taken out of what it said, and its work is none the worse.
    const isSaid = (one: Told): boolean => one.match.isGiven === true && printed.has(one);
    const unknown = others.filter(({ match }) => !known(match));
    return {
      standing: unknown.filter((one) => !isSaid(one)),
      printed: unknown.filter(isSaid),
      known: others.filter(({ match }) => known(match)),
      lifted: all.filter(({ find }) => lifted.has(find.fingerprint)),
    };
  }
}

/** What takes the secrets out of texts: of a log that no patch came with, of a file of a patch that was kept apart. */
export async function redactorOf(
  sources: readonly SecretSource[],
  { key, lifted, given }: Pick<SecretsGround, 'key' | 'lifted' | 'given'>,
): Promise<Redactor> {
  const scan = await SecretScan.open(given);
  const found: PlacedMatch[] = [];
  for (const source of sources) found.push(...(await scan.run(source)));
  const standing = found.filter((match) => !lifted.has(fingerprintOf(match, key)));
  return new Redactor(
    standing.map((match) => redactedOf({ match })),
    scan.isComplete,
  );
}

function redactedOf({ match: { rule, secret, source, isGiven } }: Pick<Told, 'match'>): Redacted {
  return { rule, secret, source, ...(isGiven === undefined ? {} : { isGiven }) };
}

const TOO_MANY =
  'There are more secrets in what the job made than the relay counts. Nothing of it is shown. Have the task make none.';

/** Secrets that are looked for in the baseline; those beyond stand. */
const MOST_SOUGHT = 200;

interface Told {
  readonly match: PlacedMatch;
  readonly find: SecretFind;
}

interface Sorted {
  readonly standing: readonly Told[];
  /** Values that were let through, where programs only printed them. */
  readonly printed: readonly Told[];
  readonly lifted: readonly Told[];
  readonly known: readonly Told[];
}

/** Names that the patch brings, one a line. Those of the baseline are no news. */
function newNames({ files }: Bundle): Buffer {
  const added = files.filter(({ kind }) => kind === 'added');
  return Buffer.from(added.map(({ path }) => path.replaceAll('\n', ' ')).join('\n'));
}

/** Contents of the files that the patch carries as binary, with all paths of each. */
function binariesOf({ patch, files }: Bundle): ReadonlyMap<string, readonly string[]> {
  const ids = new Map(files.filter(({ kind }) => kind !== 'deleted').map(({ path, newId }) => [path, newId]));
  const found = new Map<string, string[]>();
  let path = '';
  for (const item of patchItems(patch)) {
    if (item.kind === 'file') path = item.path;
    else if (item.kind === 'binary') {
      const id = ids.get(path);
      if (id !== undefined) found.set(id, [...(found.get(id) ?? []), path]);
    }
  }
  return found;
}

/** A key, so that nobody can try passwords against it; without white space, so that one key has one, however indented. */
function fingerprintOf({ rule, secret }: PlacedMatch, key: Uint8Array): string {
  const plain = secret.replace(/\\[nr]|\s/g, '');
  return createHmac('sha256', key).update(`${rule}\0${plain}`, 'latin1').digest('hex').slice(0, FINGERPRINT_DIGITS);
}

/** 64 bits: it names one find among those of a record, and is typed by people. */
const FINGERPRINT_DIGITS = 16;

function findOf(match: PlacedMatch, key: Uint8Array): SecretFind {
  const { rule, source, line, column } = match;
  return { fingerprint: fingerprintOf(match, key), rule, source, line, column, preview: previewOf(match.secret) };
}

const MOST_SHOWN = 4;

/** Of a short secret less is shown: an eighth of it at most. */
function previewOf(secret: string): string {
  const shown = secret.slice(0, Math.min(MOST_SHOWN, Math.floor(secret.length / 8))).replace(/[^\x21-\x7e]/g, '?');
  return `${shown}…, ${String(secret.length)} characters`;
}

const MOST_TOLD = 5;

function findingOf({ standing, printed, lifted, known }: Sorted, unseen: readonly string[], bytes: number): Finding {
  const notes = [
    ...(printed.length === 0 ? [] : [`Taken out of what was printed: ${listed(printed)}.`]),
    ...(lifted.length === 0 ? [] : [`Lifted: ${listed(lifted)}.`]),
    ...(known.length === 0 ? [] : [`At the baseline already: ${listed(known)}.`]),
    ...(unseen.length === 0 ? [] : [`Too large to be looked into: ${unseen.slice(0, MOST_TOLD).join(', ')}.`]),
  ];
  const [first] = standing;
  if (first === undefined) return passed([`No secret in ${String(bytes)} bytes of patch and log.`, ...notes].join(' '));
  const what = standing.length === 1 ? 'is a secret' : `are ${String(standing.length)} secrets`;
  const remedy =
    `Have the task read it from elsewhere; or, if it is none, lift it: task-relay lift JOB ${first.find.fingerprint}, ` +
    'or "Relay: Lift Secret Find".';
  const why = `There ${what} in what the job made: ${listed(standing)}. ${remedy}`;
  const detail = [`There ${what} in what the job made:`, ...lines(standing), remedy, ...notes].join('\n');
  return failed(failure('POLICY', why), detail);
}

function listed(all: readonly Told[]): string {
  const more = all.length > MOST_TOLD ? ` and ${String(all.length - MOST_TOLD)} more` : '';
  return `${lines(all.slice(0, MOST_TOLD)).join('; ')}${more}`;
}

function lines(all: readonly Told[]): readonly string[] {
  return all.map(({ find: { rule, source, line, preview, fingerprint } }) => {
    const where = source === LOG_NAME ? source : `"${source}"`;
    return `${rule} in ${where}, line ${String(line)} (${preview}, fingerprint ${fingerprint})`;
  });
}
