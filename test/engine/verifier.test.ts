import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/canonical.ts';
import { systemClock } from '../../src/base/clock.ts';
import { until } from '../../src/process/waiting.ts';
import { Certificate } from '../../src/domain/certificate.ts';
import { Digest, JobId } from '../../src/domain/ids.ts';
import type { ArtifactName } from '../../src/domain/artifact.ts';
import type { JobView, Verification } from '../../src/protocol/jobView.ts';
import { Vault } from '../../src/store/vault.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;
let job: JobView;

const gate = { name: 'has two', run: 'grep -q two a.txt' };

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'one\n', 'b.txt': 'b\n' });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache'), concurrency: 1 });
  job = await host.run(command('echo two >> a.txt; printf "\\0\\1" > c.bin; rm b.txt', { checks: [gate] }));
  expect(job.state).toBe('SUCCEEDED');
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

async function verify(jobId = job.jobId, patch?: string): Promise<Verification> {
  return must(await host.relay.verify({ jobId, ...(patch === undefined ? {} : { patch: Digest.parse(patch) }) }));
}

const failing = ({ claims }: Verification): readonly string[] =>
  claims.filter(({ holds }) => !holds).map(({ name }) => name);

/** Does something while an artifact's file in the vault is another. */
async function whileItIs(
  name: ArtifactName,
  change: (bytes: Buffer) => Buffer,
  use: () => Promise<void>,
): Promise<void> {
  const artifact = job.artifacts.find((one) => one.name === name);
  const path = new Vault(join(host.host.places.record, 'vault')).pathOf(Digest.parse(artifact?.digest));
  const before = readFileSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, change(before));
  try {
    await use();
  } finally {
    writeFileSync(path, before);
  }
}

const flipped = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes);
  const index = at(copy);
  copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
  return copy;
};

describe('a certificate', () => {
  it('says in the form of an in-toto statement what was run on which patch', async () => {
    const patch = await host.artifact(job.jobId, 'patch.diff');
    const certificate = Certificate.parse(JSON.parse((await host.artifact(job.jobId, 'certificate.json')).toString()));
    expect(certificate.subject).toEqual([{ name: 'patch.diff', digest: { sha256: sha256(patch) } }]);
    expect(certificate.predicate).toMatchObject({
      job: job.jobId,
      attempt: 1,
      verdict: 'proven',
      baseline: { commit: job.baseline, tree: git(repository, 'rev-parse', 'HEAD^{tree}') },
      executor: { name: 'command', version: 'task-relay 0.0.0' },
      prompt: { sha256: sha256('echo two >> a.txt; printf "\\0\\1" > c.bin; rm b.txt') },
      environment: { git: git(repository, '--version'), node: process.version },
      lifted: [],
    });
    expect(certificate.predicate.checks.map(({ name }) => name)).toEqual(job.checks.map(({ name }) => name));
    expect(certificate.predicate.environment.variables).toContain('PATH');
    expect(JSON.stringify(certificate)).not.toContain(process.env['PATH']);
  });

  it('is made of what was refused as well, and of nothing that came to no patch', async () => {
    const refused = await host.run(command('echo x > out.txt', { scope: { fileGlobs: ['a.txt'] } }));
    const certificate = Certificate.parse(
      JSON.parse((await host.artifact(refused.jobId, 'certificate.json')).toString()),
    );
    expect(certificate.predicate).toMatchObject({ verdict: 'refused', reasonCode: 'POLICY' });
    expect(failing(await verify(refused.jobId))).toEqual([]);
    const broken = await host.run(command('exit 3'));
    expect(broken.artifacts.map(({ name }) => name)).not.toContain('certificate.json');
    expect(await host.relay.verify({ jobId: broken.jobId })).toMatchObject({ ok: false, error: { kind: 'illegal' } });
    const nobody = JobId.parse('aaaaaaaaaaaaaaaa');
    expect(await host.relay.verify({ jobId: nobody })).toMatchObject({ ok: false, error: { kind: 'notFound' } });
  });
});

describe('verifying', () => {
  it('runs every claim again, and finds that it holds', async () => {
    const { holds, claims } = await verify();
    expect(failing({ holds, claims })).toEqual([]);
    expect(holds).toBe(true);
    const names = [
      'certificate',
      'spec',
      'patch',
      'baseline',
      'result',
      ...job.checks.map(({ name }) => name),
      'verdict',
    ];
    expect(claims.map(({ name }) => name)).toEqual(names);
  });

  it('needs neither mirror nor slots, which may be deleted', async () => {
    const other = await openTestHost({
      directory: makeRepository(join(directory, 'other'), { 'a.txt': 'one\n' }),
      cache: join(directory, 'other cache'),
    });
    const made = await other.run(command('echo two >> a.txt'));
    await other.close();
    rmSync(join(directory, 'other cache'), { recursive: true });
    const again = await openTestHost({ directory: join(directory, 'other'), cache: join(directory, 'other cache') });
    expect(must(await again.relay.verify({ jobId: made.jobId })).holds).toBe(true);
    await again.close();
    await expectNothingLeft(again.host.places);
  });

  it('fails where one byte of the patch is another, wherever it is', async () => {
    const { length } = await host.artifact(job.jobId, 'patch.diff');
    for (const at of [0, 1, Math.floor(length / 2), length - 1]) {
      await whileItIs(
        'patch.diff',
        flipped(() => at),
        async () => {
          expect(failing(await verify())).toEqual(['patch']);
        },
      );
    }
    await whileItIs(
      'patch.diff',
      (bytes) => bytes.subarray(0, -1),
      async () => {
        expect(failing(await verify())).toEqual(['patch']);
      },
    );
    expect((await verify()).holds).toBe(true);
  });

  it('fails where the certificate itself is another', async () => {
    const verdict = (bytes: Buffer): number => bytes.indexOf('proven');
    for (const change of [flipped(verdict), () => Buffer.from('{}'), () => Buffer.alloc(0)]) {
      await whileItIs('certificate.json', change, async () => {
        expect(failing(await verify())).toEqual(['certificate']);
      });
    }
  });

  it('tells whether a patch that somebody has is the certified one', async () => {
    const patch = await host.artifact(job.jobId, 'patch.diff');
    expect((await verify(job.jobId, sha256(patch))).holds).toBe(true);
    expect(failing(await verify(job.jobId, sha256(flipped(() => 20)(patch))))).toEqual(['given patch']);
  });

  it('fails where a gate does not come to the same any more', async () => {
    const flag = join(directory, 'flag');
    writeFileSync(flag, '');
    const depends = await host.run(
      command('echo x > d.txt', { checks: [{ name: 'flag', run: `test -e '${flag}'`, must: 'pass' }] }),
    );
    expect(depends.state).toBe('SUCCEEDED');
    expect((await verify(depends.jobId)).holds).toBe(true);
    rmSync(flag);
    expect(failing(await verify(depends.jobId))).toEqual(['flag', 'verdict']);
  });

  it('ends with its host, which waits for it: the next one may take the slots', async () => {
    const place = join(directory, 'stopped');
    const other = await openTestHost({
      directory: makeRepository(place, { 'a.txt': 'one\n' }),
      cache: join(directory, 'c'),
    });
    const flag = join(directory, 'slow');
    const checks = [{ name: 'slow', run: `test ! -e '${flag}' || { echo begun > '${flag}'; sleep 60; }` }];
    const made = await other.run(command('echo two >> a.txt', { checks }));
    writeFileSync(flag, '');
    const verifying = other.relay.verify({ jobId: made.jobId });
    expect(await until(() => Promise.resolve(readFileSync(flag, 'utf8') === 'begun\n'), 30_000, systemClock)).toBe(
      true,
    );
    await other.close();
    expect(await verifying).toMatchObject({ ok: false, error: { kind: 'closing' } });
    await expectNothingLeft(other.host.places);
  });
});
