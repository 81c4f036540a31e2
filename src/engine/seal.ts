import { readFile, rm } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Bundle } from '../checks/bundle.ts';
import { certificateOf } from '../checks/certificate.ts';
import { redactorOf, type SecretsGround } from '../checks/secrets.ts';
import type { Redactor } from '../checks/redactor.ts';
import type { Artifact, Check, FileChange, Usage } from '../domain/artifact.ts';
import type { ProofEnvironment } from '../domain/certificate.ts';
import type { Outcome } from '../domain/event.ts';
import type { Provenance, Report } from '../domain/executor.ts';
import { failure, type Failure } from '../domain/failure.ts';
import type { RunningJob } from '../domain/job.ts';
import type { Quarantine, SecretFind } from '../domain/secretFind.ts';
import type { IoError } from '../store/ioError.ts';
import type { Stored, Vault } from '../store/vault.ts';
import type { AttemptLog } from './attemptLog.ts';
import { outMarkdown, type Documented } from './documents.ts';
import { pullRequest } from './pullRequest.ts';
import type { RawStream } from './rawStream.ts';
import type { AttemptEnd } from './runner.ts';
import type { Stop } from './stop.ts';

/** What an attempt came to have, as far as it came. */
export interface Sealable {
  readonly report?: Report;
  readonly bundle?: Bundle;
  readonly checks?: readonly Check[];
  readonly provenance?: Provenance;
  readonly finds?: readonly SecretFind[];
  readonly redactor?: Redactor;
}

export interface SealOptions {
  readonly job: RunningJob;
  readonly signal: AbortSignal;
  readonly log: AttemptLog;
  readonly raw: RawStream;
  /** What the attempt has used, as its executor told it. */
  readonly usage: Usage;
  /** The log of the attempt whose patch was judged again; it stands before the other. */
  readonly earlier: Buffer;
  readonly vault: Vault;
  readonly quarantine: Vault;
  readonly secrets: Pick<SecretsGround, 'key' | 'lifted' | 'given'>;
  readonly clock: Clock;
  /** Where the proof was made. */
  readonly environment: ProofEnvironment;
}

/** Changed files that a job's own record lists; the patch has them all. */
const LISTED_FILES = 500;

/** The longest pause between two tries to keep an artifact. */
const LONGEST_WAIT_MS = 32_000;

/**
 * Closes the log, writes the artifacts and tells the end. The vault has them before anybody hears of it, and no secret that
 * was found is in any of them: what is served was redacted, and a patch is kept apart as it was, for a lift.
 */
export async function seal(options: SealOptions, stop: Stop | undefined, made: Sealable): Promise<AttemptEnd> {
  const { job, log } = options;
  await log.close();
  const stream = await options.raw.close();
  const redactor = made.redactor ?? (await redactorOfLog(options, stream));
  const logs = (): Promise<readonly Kept[]> => keepLogs(options, stream, redactor);
  if (stop?.kind === 'stopped' || stop?.kind === 'limited') {
    const artifacts = (await logs()).flatMap((kept) => (kept.ok ? [kept.value] : []));
    const usage = hasFigures(options.usage) ? { usage: options.usage } : {};
    if (stop.kind === 'stopped') return { kind: 'stopped', artifacts, ...usage };
    return { ...stop, message: redactor.text(stop.message), artifacts, ...usage };
  }
  const files = made.bundle?.files ?? [];
  const why = stop === undefined ? undefined : { ...stop.failure, message: redactor.text(stop.failure.message) };
  const checks = [...(made.checks ?? [])];
  // Of a patch that is judged again, only its earlier report tells.
  const usage = hasFigures(options.usage) ? options.usage : (made.report?.usage ?? {});
  const told = {
    job,
    files: files.slice(0, LISTED_FILES).map((file) => withoutSecrets(file, redactor)),
    fileCount: files.length,
    checks,
    usage,
    ...(made.report === undefined ? {} : { report: made.report }),
    ...(why === undefined ? {} : { failure: why }),
  };
  const quarantine = await keepApart(options, made);
  const texts = textsOf(options, told, made, redactor);
  const [others, ofLogs] = await Promise.all([
    Promise.all(texts.map(([name, bytes]) => keep(options, name, () => options.vault.put(bytes)))),
    logs(),
  ]);
  const stored = [...others, ...ofLogs];
  const artifacts = stored.flatMap((kept) => (kept.ok ? [kept.value] : []));
  const lost = [...stored, quarantine].find((kept) => !kept.ok);
  if (lost?.ok === false) {
    return { kind: 'failed', failure: lost.error, outcome: { checks, artifacts, files: [], fileCount: 0 } };
  }
  const outcome: Outcome = {
    ...(made.report?.summary === undefined ? {} : { summary: redactor.text(made.report.summary) }),
    ...(made.report?.sessionId === undefined ? {} : { sessionId: redactor.text(made.report.sessionId) }),
    ...(hasFigures(usage) ? { usage } : {}),
    checks,
    artifacts,
    files: [...told.files],
    fileCount: files.length,
    ...(made.bundle === undefined ? {} : { resultTree: made.bundle.resultTree }),
    ...(quarantine.ok && quarantine.value !== undefined ? { quarantine: quarantine.value } : {}),
  };
  if (why === undefined || stop === undefined) return { kind: 'succeeded', outcome };
  return { kind: 'failed', failure: why, outcome, ...(stop.isFinal === true ? { isFinal: true } : {}) };
}

function hasFigures(usage: Usage): boolean {
  return Object.keys(usage).length > 0;
}

/** Names hold secrets as well. */
function withoutSecrets(file: FileChange, redactor: Redactor): FileChange {
  const from = file.from === undefined ? {} : { from: redactor.text(file.from) };
  return { ...file, path: redactor.text(file.path), ...from };
}

/** Of an attempt that came to no verdict. */
async function redactorOfLog(options: SealOptions, stream: string | undefined): Promise<Redactor> {
  const log = { kind: 'log', name: 'logs.txt', bytes: await wholeLog(options) } as const;
  if (stream === undefined) return redactorOf([log], options.secrets);
  const raw = { kind: 'file', name: 'stream.jsonl', bytes: await readFile(stream) } as const;
  return redactorOf([log, raw], options.secrets);
}

async function wholeLog({ log, earlier }: SealOptions): Promise<Buffer> {
  return Buffer.concat([earlier, await readFile(log.path)]);
}

/** All artifacts but the log, without the secrets. */
function textsOf(
  options: SealOptions,
  told: Documented,
  made: Sealable,
  redactor: Redactor,
): readonly (readonly [Artifact['name'], Uint8Array])[] {
  const text = (written: string): Buffer => Buffer.from(redactor.text(written));
  const certificate = certificateText(options, made, told.failure);
  const patch = made.bundle?.excess === undefined ? made.bundle?.patch : undefined;
  return [
    ...(patch === undefined ? [] : [['patch.diff', redactor.patch(patch)] as const]),
    ['out.md', text(outMarkdown(told))],
    ...(told.failure === undefined ? [['pr.json', text(pullRequest(told))] as const] : []),
    ...(certificate === undefined ? [] : [['certificate.json', text(certificate)] as const]),
  ];
}

/** Of an attempt that came as far as to a patch. */
function certificateText(
  { job, environment, clock }: SealOptions,
  { bundle, checks = [], provenance }: Sealable,
  failure: Failure | undefined,
): string | undefined {
  if (bundle === undefined || bundle.excess !== undefined || provenance === undefined) return undefined;
  const why = failure === undefined ? {} : { failure };
  const told = certificateOf({ job, bundle, checks, provenance, environment, finishedAt: clock.now(), ...why });
  return `${JSON.stringify(told, undefined, 2)}\n`;
}

/** Patch and log as they are, where nothing serves them; nothing where no secret stands. */
async function keepApart(
  options: SealOptions,
  { bundle, provenance, finds = [] }: Sealable,
): Promise<Result<Quarantine | undefined, Failure>> {
  if (finds.length === 0 || bundle === undefined || provenance === undefined) return ok(undefined);
  // Without a patch there is nothing to judge again.
  if (bundle.excess !== undefined) return ok(undefined);
  const { quarantine } = options;
  const patch = await keep(options, 'patch.diff', () => quarantine.put(bundle.patch));
  if (!patch.ok) return patch;
  const whole = await wholeLog(options);
  const kept = await keep(options, 'logs.txt', () => quarantine.put(whole));
  if (!kept.ok) return kept;
  return ok({ patch: patch.value.digest, log: kept.value.digest, finds: [...finds], provenance });
}

type Kept = Result<Artifact, Failure>;

/** The log, and what the executor's program printed, if it is one that prints. */
function keepLogs(options: SealOptions, stream: string | undefined, redactor: Redactor): Promise<readonly Kept[]> {
  return Promise.all([
    keepLog(options, redactor),
    ...(stream === undefined ? [] : [keepStream(options, stream, redactor)]),
  ]);
}

async function keepStream(options: SealOptions, stream: string, redactor: Redactor): Promise<Kept> {
  const { vault } = options;
  if (redactor.isIdle) return keep(options, 'stream.jsonl', () => vault.putFile(stream));
  const bytes = redactor.bytes(await readFile(stream));
  const kept = await keep(options, 'stream.jsonl', () => vault.put(bytes));
  await rm(stream, { force: true });
  return kept;
}

async function keepLog(options: SealOptions, redactor: Redactor): Promise<Kept> {
  const { log, earlier, vault } = options;
  if (redactor.isIdle && earlier.length === 0) return keep(options, 'logs.txt', () => vault.putFile(log.path));
  const bytes = redactor.bytes(await wholeLog(options));
  const kept = await keep(options, 'logs.txt', () => vault.put(bytes));
  await rm(log.path, { force: true });
  return kept;
}

/** A full disk may have room again in a moment: the work of an attempt is worth waiting for. */
async function keep(
  { clock, signal }: SealOptions,
  name: Artifact['name'],
  put: () => Promise<Result<Stored, IoError>>,
): Promise<Result<Artifact, Failure>> {
  for (let wait = 1000; ; wait *= 2) {
    const stored = await put();
    if (stored.ok) return ok({ name, ...stored.value });
    if (wait > LONGEST_WAIT_MS || signal.aborted) {
      const why = `The relay could not keep ${name}: ${stored.error.message}. Make room, then retry the job.`;
      return err(failure('INTERNAL_ERROR', why));
    }
    await clock.pause(wait);
  }
}
