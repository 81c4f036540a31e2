import { createRequire } from 'node:module';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Result } from '../../src/base/result.ts';
import { noHostPolicy, type HostPolicy } from '../../src/domain/repositoryPolicy.ts';
import type { JobId } from '../../src/domain/ids.ts';
import { isTerminalState } from '../../src/domain/jobState.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { LocalRunner } from '../../src/engine/localRunner.ts';
import { noneAllowed } from '../../src/engine/questions.ts';
import { Engine } from '../../src/engine/relay.ts';
import type { Runner } from '../../src/engine/runner.ts';
import { Sources } from '../../src/engine/sources.ts';
import { Verifier } from '../../src/engine/verifier.ts';
import { commandExecutor } from '../../src/executors/command.ts';
import { ExecutorRegistry } from '../../src/executors/registry.ts';
import type { Relay } from '../../src/protocol/relay.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { Threads } from '../../src/store/threads.ts';
import { Vault } from '../../src/store/vault.ts';

/** sql-wasm.wasm, where the bundle runs and where its source does. */
export const assets = dirname(createRequire(join(process.cwd(), 'package.json')).resolve('sql.js/dist/sql-wasm.wasm'));

export interface BedOptions {
  /** Record and work are made in it. */
  readonly directory: string;
  /** The repository that jobs change. */
  readonly repository: string;
  readonly concurrency: number;
  /** Instead of a real one. */
  readonly runner?: Runner;
}

/** When a job was heard of, in ms of `performance.now()`. */
interface Heard {
  running?: number;
  ended?: number;
}

/** An engine as host.ts composes it, without doors, with what a measurement must know. */
export interface Bed {
  readonly relay: Relay;
  readonly store: JobStore;
  readonly heard: ReadonlyMap<JobId, Heard>;
  submit(spec: JobSpec): Promise<JobId>;
  /** Resolves when the end of the job was heard; a bench job that does not succeed is a bug of the bench. */
  ended(jobId: JobId): Promise<void>;
  /** Resolves when slots are back. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

export async function openBed(options: BedOptions): Promise<Bed> {
  const { directory, repository } = options;
  const record = join(directory, 'record');
  const logs = join(record, 'logs');
  await mkdir(logs, { recursive: true });
  const vault = new Vault(join(record, 'vault'));
  const store = must(await openStore({ directory: record, assets, vault, log: silentLog }));
  const sources = new Sources(join(directory, 'work'), process.env);
  await sources.prepare();
  const runners: Runner[] = [];
  const engine = new Engine({ ...composed(options, { store, vault, sources, logs }, (made) => runners.push(made)) });
  const heard = new Map<JobId, Heard>();
  const waiting = new Map<JobId, () => void>();
  engine.relay.onChange((change) => {
    if (change.kind !== 'job') return;
    const now = performance.now();
    const known = heard.get(change.jobId) ?? {};
    heard.set(change.jobId, known);
    if (change.state === 'RUNNING') known.running = now;
    if (!isTerminalState(change.state)) return;
    if (change.state !== 'SUCCEEDED') throw new Error(`job ${change.jobId} came to ${change.state}`);
    known.ended = now;
    waiting.get(change.jobId)?.();
    waiting.delete(change.jobId);
  });
  must(await engine.start('run'));
  return {
    relay: engine.relay,
    store,
    heard,
    submit: async (spec) => must(await engine.relay.submit({ spec, workspace: repository, origin: 'cli' })).jobId,
    ended: (jobId) =>
      heard.get(jobId)?.ended === undefined ? new Promise((resolve) => waiting.set(jobId, resolve)) : Promise.resolve(),
    idle: async () => {
      for (const runner of runners) await runner.idle();
    },
    close: async () => {
      await engine.stop();
      await store.close();
      await sources.dispose();
    },
  };
}

function composed(
  { concurrency, runner }: BedOptions,
  parts: { readonly store: JobStore; readonly vault: Vault; readonly sources: Sources; readonly logs: string },
  onRunner: (runner: Runner) => void,
): ConstructorParameters<typeof Engine>[0] {
  const common = { clock: systemClock, log: silentLog, letThrough: () => ({ names: [], secrets: [] }) };
  const hostPolicy = (): HostPolicy => noHostPolicy;
  const executors = new ExecutorRegistry(systemClock);
  const threads = new Threads(join(parts.logs, 'threads'), systemClock);
  executors.register(commandExecutor(systemClock));
  return {
    ...parts,
    ...common,
    executors,
    policy: { agentCommands: 'allow' },
    allowed: noneAllowed,
    order: () => undefined,
    webhookSecret: () => Promise.resolve(undefined),
    concurrency,
    quarantine: parts.vault,
    threads,
    secretsKey: Buffer.alloc(32),
    verifier: new Verifier({
      ...parts,
      ...common,
      quarantine: parts.vault,
      hostPolicy,
      recordId: 'bench',
      secretsKey: Buffer.alloc(32),
      environment: process.env,
    }),
    makeRunner: (onLog) => {
      const local = {
        recordId: 'bench',
        version: 'bench',
        environment: process.env,
        hostPolicy,
        secretsKey: Buffer.alloc(32),
        quarantine: parts.vault,
        threads,
      };
      const made = runner ?? new LocalRunner({ ...parts, ...common, ...local, executors, onLog });
      onRunner(made);
      return made;
    },
  };
}
