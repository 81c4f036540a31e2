import type { Clock } from '../base/clock.ts';
import type { Check, Stored } from '../domain/artifact.ts';
import type { Failure } from '../domain/failure.ts';
import type { SecretFind } from '../domain/secretFind.ts';
import { checkBundle, type Bundle } from './bundle.ts';
import type { Finding } from './finding.ts';
import { skipped } from './finding.ts';
import type { GateGround } from './gateRun.ts';
import { judgeGate } from './gates.ts';
import { proveBundle, type ProofPlace } from './proof.ts';
import type { Redactor } from './redactor.ts';
import { checkScope } from './scope.ts';
import type { SecretSource } from './secretScan.ts';
import { SecretsCheck, type SecretsGround } from './secrets.ts';

export interface Verdict {
  readonly checks: readonly Check[];
  /** Of the first check that failed: the later ones were not run. */
  readonly failure?: Failure;
  /** Secrets that stand: neither lifted nor at the baseline. */
  readonly finds: readonly SecretFind[];
  /** Takes them out of all that is served: the patch, the log, texts, what checks printed. */
  readonly redactor: Redactor;
}

/**
 * Runs the checks in their order; the first that fails ends the proof. Secrets are looked for in any case, because the patch
 * and the log of a job that fails are served as well, and once more in what gates have printed.
 */
export async function judge(
  bundle: Bundle,
  place: ProofPlace,
  gates: GateGround,
  ground: SecretsGround,
  clock: Clock,
): Promise<Verdict> {
  const secrets = new SecretsCheck(bundle, place.git, ground);
  let proven: Promise<{ applies: Finding; fidelity: Finding }> | undefined;
  const proof = (): Promise<{ applies: Finding; fidelity: Finding }> => (proven ??= proveBundle(bundle, place));
  const steps: readonly (readonly [string, () => Finding | Promise<Finding>, 'always'?])[] = [
    ['bundle', () => begun(checkBundle(bundle), proof)],
    ['scope', () => checkScope(bundle, place.git)],
    [SECRETS, () => secrets.run(), 'always'],
    ['applies', async () => (await proof()).applies],
    ['fidelity', async () => (await proof()).fidelity],
    ...(bundle.spec.checks ?? []).map((gate) => [gate.name, () => judgeGate(gate, bundle, gates)] as const),
  ];
  const checks: Check[] = [];
  const findings: Finding[] = [];
  let other: Failure | undefined;
  let secret: Failure | undefined;
  for (const [name, run, always] of steps) {
    const started = clock.monotonic();
    const isRun = (other ?? secret) === undefined || always === 'always';
    const finding: Finding = isRun ? await run() : skipped('Not run: an earlier check failed.');
    if (finding.verdict === 'fail' && name === SECRETS) secret = finding.failure;
    else if (finding.verdict === 'fail') other ??= finding.failure;
    checks.push(checkOf(name, finding, clock.monotonic() - started));
    findings.push(finding);
  }
  // Begun before another check failed: its index is the attempt's, and its git is not left to itself.
  await proven;
  const started = clock.monotonic();
  const later = await secrets.again(printedBy(checks, findings));
  if (later !== undefined) {
    secret = later.verdict === 'fail' ? later.failure : undefined;
    const place = steps.findIndex(([, , always]) => always === 'always');
    checks[place] = checkOf(SECRETS, later, (checks[place]?.durationMs ?? 0) + clock.monotonic() - started);
  }
  const redactor = secrets.redactor();
  const failure = first(secret, other);
  return {
    checks: await Promise.all(
      checks.map(async (check, at) => served(check, await findings[at]?.keep?.(redactor), redactor)),
    ),
    ...(failure === undefined ? {} : { failure: { ...failure, message: redactor.text(failure.message) } }),
    // A path may have another find in it.
    finds: secrets.finds.map((find) => ({ ...find, source: redactor.text(find.source) })),
    redactor,
  };
}

const SECRETS = 'secrets';

/** What the checks have to show that no log has whole. */
async function* printedBy(checks: readonly Check[], findings: readonly Finding[]): AsyncGenerator<SecretSource> {
  for (const [index, { name, detail = '', tests }] of checks.entries()) {
    const printed = await findings[index]?.printed?.();
    if (printed === undefined) continue;
    const told = (tests?.failures ?? []).flatMap((one) => [one.name, one.message ?? '']);
    yield { kind: 'file', name: `check ${name}`, bytes: Buffer.from([detail, ...told].join('\n')) };
    yield { kind: 'file', name: `output of check ${name}`, bytes: printed };
  }
}

/** A secret comes first, whatever else failed: what is served was redacted, and no other attempt would help. */
function first(secret: Failure | undefined, other: Failure | undefined): Failure | undefined {
  if (secret === undefined || other === undefined) return secret ?? other;
  return { ...secret, message: `${secret.message} Besides: ${other.message}` };
}

/** git applies the patch while others look at it: the two share nothing. */
function begun(finding: Finding, proof: () => Promise<unknown>): Finding {
  // Whoever awaits it hears of what went wrong.
  if (finding.verdict === 'pass') proof().catch(() => undefined);
  return finding;
}

/** A check as it is served: with its output, and without secrets. */
function served(check: Check, output: Stored | undefined, redactor: Redactor): Check {
  // Cut afterwards: the beginning of a secret is none that the redactor knows.
  const detail = redactor.text(check.detail ?? '').slice(0, LONGEST_DETAIL);
  const failures = check.tests?.failures.map(({ name, message }) => ({
    name: redactor.text(name),
    ...(message === undefined ? {} : { message: redactor.text(message) }),
  }));
  return {
    ...check,
    detail,
    ...(output === undefined ? {} : { output }),
    ...(check.tests === undefined || failures === undefined ? {} : { tests: { ...check.tests, failures } }),
  };
}

function checkOf(name: string, finding: Finding, took: number): Check {
  return {
    name,
    verdict: finding.verdict,
    detail: finding.detail,
    durationMs: Math.round(took),
    ...finding.evidence,
  };
}

/** Characters of a check's detail that a job carries. */
const LONGEST_DETAIL = 4000;
