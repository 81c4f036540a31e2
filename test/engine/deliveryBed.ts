import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Chosen } from '../../src/domain/chosen.ts';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { DeliveryReport, JobView } from '../../src/protocol/jobView.ts';
import type { RelayError } from '../../src/protocol/relayError.ts';
import type { Result } from '../../src/base/result.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  makeRepository,
  photograph,
  photographFiles,
  removeDirectory,
  temporaryDirectory,
  write,
  type Files,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

/** A repository with a host, for one test: what is delivered, and what is then there. */
export class DeliveryBed {
  readonly directory = temporaryDirectory();
  readonly repository: string;
  #host: TestHost | undefined;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(files: Files, environment: Readonly<Record<string, string>> = {}) {
    this.repository = makeRepository(join(this.directory, 'repo'), files);
    this.#environment = environment;
  }

  get host(): TestHost {
    if (this.#host === undefined) throw new Error('no host');
    return this.#host;
  }

  async open(): Promise<TestHost> {
    const [directory, cache] = [this.repository, join(this.directory, 'cache')];
    this.#host = await openTestHost({ directory, cache, environment: this.#environment });
    return this.#host;
  }

  async close(): Promise<void> {
    if (this.#host === undefined) return;
    const { places } = this.#host.host;
    await this.#host.close();
    await expectNothingLeft(places);
    removeDirectory(this.directory);
  }

  async made(run: string, more: Partial<JobSpec> = {}): Promise<JobView> {
    const job = await this.host.run(command(run, more));
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    return job;
  }

  apply(
    jobId: JobId,
    more: { readonly chosen?: Chosen[]; readonly unsaved?: string[]; readonly dryRun?: boolean } = {},
  ): Promise<Result<DeliveryReport, RelayError>> {
    return this.host.relay.apply({ jobId, origin: 'cli', dryRun: false, ...more });
  }

  undo(jobId: JobId, unsaved: string[] = []): Promise<Result<DeliveryReport, RelayError>> {
    return this.host.relay.undo({ jobId, origin: 'cli', unsaved });
  }

  at(path: string): string {
    return join(this.repository, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  write(files: Files): void {
    write(this.repository, files);
  }

  commit(): string {
    return commit(this.repository);
  }

  git(...args: readonly string[]): string {
    return git(this.repository, ...args);
  }

  files(): Photograph {
    return photographFiles(this.repository);
  }

  /** Of git's own files, what a delivery must leave alone: everything. */
  inGit(): Photograph {
    return photograph(this.at('.git'), (path) => path === 'task-relay');
  }

  /** What is said of each file before anything is written, and that nothing is. */
  async looked(jobId: JobId, more: Parameters<DeliveryBed['apply']>[1] = {}): Promise<readonly string[]> {
    const [files, inGit] = [this.files(), this.inGit()];
    const report = must(await this.apply(jobId, { ...more, dryRun: true }));
    expect(report.written).toBe(false);
    expect(this.files()).toEqual(files);
    expect(this.inGit()).toEqual(inGit);
    return report.files.map(({ path, verdict }) => `${verdict} ${path}`);
  }

  /** Refused by name, with nothing written. */
  async refused(
    done: () => Promise<Result<DeliveryReport, RelayError>>,
    kind: RelayError['kind'],
    named: RegExp,
  ): Promise<void> {
    const [files, inGit] = [this.files(), this.inGit()];
    expect(await done()).toMatchObject({
      ok: false,
      error: { kind, message: expect.stringMatching(named) as unknown },
    });
    expect(this.files()).toEqual(files);
    expect(this.inGit()).toEqual(inGit);
  }
}

/** Thirty lines, some of them another. */
export function lines(changes: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: 30 }, (_, at) => `${changes[at + 1] ?? `line ${String(at + 1)}`}\n`).join('');
}
