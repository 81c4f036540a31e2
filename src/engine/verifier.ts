import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canonicalJson, sha256 } from '../base/canonical.ts';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Bundle } from '../checks/bundle.ts';
import type { GateGround } from '../checks/gateRun.ts';
import { gather } from '../checks/gather.ts';
import { judge } from '../checks/pipeline.ts';
import { policyAt } from '../checks/policyFile.ts';
import type { SecretsGround } from '../checks/secrets.ts';
import type { Check } from '../domain/artifact.ts';
import { Certificate } from '../domain/certificate.ts';
import type { Failure } from '../domain/failure.ts';
import type { Digest, ObjectId } from '../domain/ids.ts';
import { artifactsOf, type FailedJob, type Job, type SucceededJob } from '../domain/job.ts';
import { defaults } from '../domain/jobSpec.ts';
import { removeTree } from '../git/removeTree.ts';
import { executorEnvironment } from '../process/environment.ts';
import type { Claim, Verification } from '../protocol/jobView.ts';
import { relayError, type RelayError } from '../protocol/relayError.ts';
import type { Vault } from '../store/vault.ts';
import { AttemptShell } from './attemptShell.ts';
import { committedOf } from './baseline.ts';
import { gateGround } from './gateGround.ts';
import type { LetThrough } from './letThrough.ts';
import { remake, type Remade } from './remake.ts';
import type { Ground, Sources } from './sources.ts';
import { WorktreeInclude } from './worktreeInclude.ts';

export interface VerifierOptions {
  readonly sources: Sources;
  readonly vault: Vault;
  readonly quarantine: Vault;
  readonly clock: Clock;
  readonly hostPolicy: () => unknown;
  readonly recordId: string;
  /** The record's own, for the fingerprints of secrets. */
  readonly secretsKey: Uint8Array;
  readonly letThrough: () => LetThrough;
  /** The relay's own environment: gates get what an allow-list lets through. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Judged = SucceededJob | FailedJob;

/**
 * Runs the claims of a certificate again, from the vault and the repository. What cannot be run again (times, versions, the
 * prompt's digest) is told by it and no claim.
 */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /** `given`: the digest of a patch that somebody has, and wants to know whether it is the certified one. */
  verify(job: Job, given: Digest | undefined): Promise<Result<Verification, RelayError>> {
    const verifying = this.#verify(job, given).finally(() => this.#underWay.delete(verifying));
    this.#underWay.add(verifying);
    return verifying;
  }

  /** Ends what is run again, and waits for it: the next host may take the slots. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #verify(job: Job, given: Digest | undefined): Promise<Result<Verification, RelayError>> {
    const artifact = artifactsOf(job).find(({ name }) => name === 'certificate.json');
    if (artifact === undefined || (job.state !== 'SUCCEEDED' && job.state !== 'FAILED')) {
      return err(relayError('illegal', `Job ${job.id} (${job.state}) came to no patch, and has no certificate.`));
    }
    const bytes = await this.#options.vault.read(artifact.digest);
    const certificate = bytes.ok ? Certificate.safeParse(parsed(bytes.value)) : undefined;
    if (!bytes.ok || certificate?.success !== true) {
      const why = bytes.ok ? 'it is no certificate of this version' : bytes.error.message;
      return ok({ holds: false, claims: [claim('certificate', false, why)] });
    }
    const claims = [
      ...this.#aboutJob(job, certificate.data),
      ...(given === undefined ? [] : [aboutGiven(certificate.data, given)]),
      ...(await this.#aboutPatch(job, certificate.data)),
    ];
    if (this.#stopping.signal.aborted)
      return err(relayError('closing', 'The relay is going down. Verify again later.'));
    return ok({ holds: claims.every(({ holds }) => holds), claims });
  }

  #aboutJob(job: Judged, { predicate }: Certificate): readonly Claim[] {
    const spec = sha256(canonicalJson(job.spec));
    const isSame =
      predicate.job === job.id &&
      predicate.attempt === job.attempt &&
      predicate.baseline.commit === job.baseline &&
      predicate.baseline.graft?.on === job.graft?.on &&
      predicate.executor.name === job.executor &&
      canonicalJson(predicate.lifted) === canonicalJson(job.lifted ?? []);
    return [
      claim(
        'certificate',
        isSame,
        isSame
          ? `It is about job ${job.id} at ${job.baseline}.`
          : 'It is about another job, or tells another story of it.',
      ),
      claim('spec', spec === predicate.spec.sha256, `The job's spec is sha256 ${spec}.`),
    ];
  }

  async #aboutPatch(job: Judged, certificate: Certificate): Promise<readonly Claim[]> {
    const { sources, vault, quarantine } = this.#options;
    const kept = job.outcome.quarantine;
    const served = job.outcome.artifacts.find(({ name }) => name === 'patch.diff');
    const digest = kept?.patch ?? served?.digest;
    const certified = certificate.subject[0]?.digest.sha256;
    if (digest === undefined || digest !== certified) {
      return [
        claim(
          'patch',
          false,
          `The job has patch ${digest ?? 'none'}, and the certificate is of ${certified ?? 'none'}.`,
        ),
      ];
    }
    const ground = await sources.ground(job);
    if (!ground.ok) return [claim('baseline', false, ground.error.message)];
    const temporary = join(sources.temporary, `verify-${randomBytes(6).toString('hex')}`);
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    try {
      const place = {
        mirror: ground.value.mirror,
        vault,
        baseIndex: join(temporary, 'index.base'),
        scratchIndex: join(temporary, 'index'),
      };
      const from = { vault: kept === undefined ? vault : quarantine, digest };
      const remade = await remake(job, from, place, this.#stopping.signal);
      if (!remade.ok) return [claim('patch', false, remade.error.message)];
      return await this.#judgeAgain(job, certificate, remade.value, { ...place, ground: ground.value, temporary });
    } finally {
      await removeTree(temporary);
    }
  }

  async #judgeAgain(
    job: Judged,
    { predicate }: Certificate,
    remade: Remade,
    place: {
      readonly ground: Ground;
      readonly baseIndex: string;
      readonly scratchIndex: string;
      readonly temporary: string;
    },
  ): Promise<readonly Claim[]> {
    const { baseTree, resultTree, patch } = remade;
    const trees = [
      claim('patch', true, `patch.diff is sha256 ${sha256(patch)}.`),
      claim('baseline', baseTree === predicate.baseline.tree, `Commit ${job.baseline} has tree ${baseTree}.`),
      claim('result', resultTree === predicate.result.tree, `The patch makes tree ${resultTree} of it.`),
    ];
    const bundle = await this.#bundleOf(job, remade, place);
    if (!bundle.ok) return [...trees, claim('bundle', false, bundle.error)];
    const git = place.ground.mirror.git;
    const gates = this.#gates(job, { ...place, resultTree });
    const secrets = this.#secrets(job, isLate(predicate.checks));
    const again = await judge(bundle.value, { ...place, git }, gates, secrets, this.#options.clock);
    const outputs = await Promise.all(predicate.checks.map((check) => this.#outputOf(check)));
    return [
      ...trees,
      ...predicate.checks.map((check) => compared(check, again.checks)),
      ...outputs.flat(),
      ...uncertified(predicate.checks, again.checks),
      verdictOf(job, predicate, again.failure),
    ];
  }

  /** What a check printed is as it was, where it was kept. */
  async #outputOf({ name, output }: Check): Promise<readonly Claim[]> {
    if (output === undefined) return [];
    const read = await this.#options.vault.read(output.digest);
    return read.ok ? [] : [claim(`output of ${name}`, false, read.error.message)];
  }

  /** The ground on which the job's gates run again: what they print is not told to anybody. */
  #gates(
    job: Judged,
    place: { readonly ground: Ground; readonly resultTree: ObjectId; readonly temporary: string },
  ): GateGround {
    const { clock, environment, letThrough, recordId, sources } = this.#options;
    const { temporary, resultTree } = place;
    const mark = `${recordId}/${job.id}/${basename(temporary)}`;
    const env = executorEnvironment(environment, { temporary, mark, extra: letThrough().names });
    return gateGround({
      slots: place.ground.slots,
      returned: Promise.resolve(),
      baseline: job.baseline,
      resultTree,
      include: new WorktreeInclude({ sources, job, own: temporary, say: () => undefined }),
      setup: job.spec.setup,
      shell: new AttemptShell(clock, env, mark, () => undefined),
      setupTimeoutS: job.spec.execution?.timeoutS ?? defaults.timeoutS,
      vault: undefined,
      outputs: join(temporary, 'gate'),
      signal: this.#stopping.signal,
      say: () => undefined,
    });
  }

  /** The log as it was kept. `late`: what gates had printed to it was found last, and is to be found last again. */
  #secrets(job: Judged, late: boolean): SecretsGround {
    const { lifted, outcome } = job;
    let isFirst = late;
    const { secretsKey: key, vault, quarantine } = this.#options;
    const served = outcome.artifacts.find(({ name }) => name === 'logs.txt')?.digest;
    const log = async (): Promise<Buffer> => {
      if (isFirst) {
        isFirst = false;
        return Buffer.alloc(0);
      }
      const [from, digest] = outcome.quarantine === undefined ? [vault, served] : [quarantine, outcome.quarantine.log];
      const read = digest === undefined ? undefined : await from.read(digest);
      return read?.ok === true ? read.value : Buffer.alloc(0);
    };
    const said = outcome.summary === undefined ? {} : { said: outcome.summary };
    const given = this.#options.letThrough().secrets;
    return { key, lifted: new Set(lifted), ...committedOf(job), given, log, ...said };
  }

  async #bundleOf(
    job: Judged,
    { patch, baseTree, resultTree }: Remade,
    { ground, scratchIndex }: { readonly ground: Ground; readonly scratchIndex: string },
  ): Promise<Result<Bundle, string>> {
    const { git, objects } = ground.mirror;
    const head = await this.#options.sources.head(job.workspace);
    if (!head.ok) return err(head.error.message);
    const places = { baseline: { git, objects, root: baseTree }, head: head.value };
    const policy = await policyAt(places, job.spec, this.#options.hostPolicy());
    if (!policy.ok) return err(policy.error.message);
    const known = { spec: job.spec, policy: policy.value, baseTree, resultTree, ignored: [], attributes: true };
    const bundle = await gather({ git, objects, scratchIndex }, known);
    return bundle.ok ? ok({ ...bundle.value, patch }) : bundle;
  }
}

/** Whether secrets were found once the other checks had run. */
function isLate(checks: readonly Check[]): boolean {
  const verdictNamed = (name: string): Check['verdict'] | undefined =>
    checks.find((check) => check.name === name)?.verdict;
  return verdictNamed('secrets') === 'fail' && verdictNamed('applies') !== 'skip';
}

/** Checks that would be run today, and of which the certificate says nothing. */
function uncertified(certified: readonly Check[], again: readonly Check[]): readonly Claim[] {
  const known = new Set(certified.map(({ name }) => name));
  return again
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => claim(name, false, 'The job asks for it, and the certificate does not tell of it.'));
}

function verdictOf(
  job: Judged,
  { verdict, reasonCode }: Certificate['predicate'],
  failure: Failure | undefined,
): Claim {
  const told = toldVerdict(reasonCode, verdict === 'proven');
  const now = toldVerdict(failure?.code, failure === undefined);
  const recorded = toldVerdict(job.state === 'FAILED' ? job.failure.code : undefined, job.state === 'SUCCEEDED');
  const holds = told === now && told === recorded;
  return claim(
    'verdict',
    holds,
    holds ? `Again ${now}.` : `It says ${told}; the record says ${recorded}; it is ${now}.`,
  );
}

function toldVerdict(code: string | undefined, isProven: boolean): string {
  return isProven ? 'proven' : `refused (${code ?? 'for no reason'})`;
}

/** A check that is run again must come to the same, whatever else it prints. */
function compared(certified: Check, again: readonly Check[]): Claim {
  const now = again.find(({ name }) => name === certified.name);
  const before = toldOf(certified);
  if (now === undefined) return claim(certified.name, false, `It was ${before}, and is not run any more.`);
  const holds = now.verdict === certified.verdict && now.label === certified.label;
  const detail = now.detail?.split('\n')[0] ?? '';
  return claim(
    certified.name,
    holds,
    holds ? `Again ${before}. ${detail}` : `It was ${before}, and is ${toldOf(now)}: ${detail}`,
  );
}

function toldOf({ verdict, label }: Check): string {
  return label === undefined ? verdict : `${verdict} (${label})`;
}

function aboutGiven({ subject }: Certificate, given: Digest): Claim {
  const isIt = subject[0]?.digest.sha256 === given;
  return claim(
    'given patch',
    isIt,
    isIt ? 'It is the certified one.' : `It is sha256 ${given}, which is not the certified one.`,
  );
}

function claim(name: string, holds: boolean, detail: string): Claim {
  return { name, holds, detail: detail.trim() };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
