import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactName } from '../../src/domain/artifact.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { plantedSecrets } from '../checks/secretCorpus.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

const [token = '', other = ''] = plantedSecrets(11)
  .filter(({ kind }) => kind === 'GitHub classic' || kind === 'Linear')
  .map(({ secret }) => secret);

const openHere = (): Promise<TestHost> =>
  openTestHost({ directory: repository, cache: join(directory, 'cache'), environment: { XDG_S: directory } });

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'one\n' });
  // The command line of a job is in its record: the secrets come from elsewhere.
  write(directory, { token: `${token}\n`, other: `${other}\n` });
  host = await openHere();
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** All that anybody is given of a job. */
async function served(job: JobView): Promise<string> {
  const parts: string[] = [JSON.stringify(await host.view(job.jobId))];
  for (const { name } of job.artifacts) parts.push((await host.artifact(job.jobId, name)).toString('latin1'));
  for (const { path } of job.files) {
    const content = must(await host.relay.content({ jobId: job.jobId, path, side: 'after' }));
    parts.push(Buffer.from(content.base64 ?? '', 'base64').toString('latin1'));
  }
  for (const { name, output } of job.checks) {
    if (output === undefined) continue;
    const slice = must(
      await host.relay.checkOutput({ jobId: job.jobId, check: name, offset: 0, maxBytes: 1024 * 1024 }),
    );
    parts.push(Buffer.from(slice.base64, 'base64').toString('latin1'));
  }
  parts.push(JSON.stringify(must(await host.relay.events({ jobId: job.jobId }))));
  return parts.join('\n');
}

const fingerprints = (job: JobView): readonly string[] => (job.secrets ?? []).map(({ fingerprint }) => fingerprint);

describe('a job with a secret', () => {
  it('shows it nowhere, and keeps patch and log apart for nobody but their owner', async () => {
    const job = await host.run(command('cp "$XDG_S/token" key.txt; cat "$XDG_S/token"; echo two >> a.txt'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', fileCount: 2 });
    expect(job.secrets).toMatchObject([{ source: 'key.txt', line: 1 }, { source: 'logs.txt' }]);
    expect(job.artifacts.map(({ name }) => name).sort()).toEqual(
      ArtifactName.options.filter((name) => name !== 'pr.json' && name !== 'stream.jsonl').sort(),
    );
    const all = await served(job);
    expect(all).toContain('[redacted: GitHub Token]');
    expect(all).not.toContain(token);
    const apart = join(host.host.places.record, 'quarantine');
    const files = readdirSync(apart, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const paths = files.map((one) => join(one.parentPath, one.name));
    expect(paths.filter((path) => readFileSync(path).includes(token)).length).toBe(2);
    for (const path of paths) expect(statSync(path).mode & 0o077).toBe(0);
    expect((await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false })).ok).toBe(false);
    expect(must(await host.relay.verify({ jobId: job.jobId })).claims.filter(({ holds }) => !holds)).toEqual([]);
  });

  it('shows it not in the output of a gate, nor where the command failed or was stopped', async () => {
    const gate = { name: 'says', run: 'cat "$XDG_S/token"' };
    const said = await host.run(command('echo two >> a.txt', { checks: [gate] }));
    expect(said).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(await served(said)).not.toContain(token);
    const failed = await host.run(command('cat "$XDG_S/token" >&2; exit 3'));
    expect(failed).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR' });
    expect(await served(failed)).not.toContain(token);
    const { jobId } = must(await host.submit(command('cat "$XDG_S/token"; echo said; sleep 60')));
    await host.logged(jobId, 'said');
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    await host.host.close();
    host = await openHere();
    const stopped = await host.view(jobId);
    expect(stopped).toMatchObject({ state: 'CANCELED', artifacts: [{ name: 'logs.txt' }] });
    expect(await served(stopped)).not.toContain(token);
  });
});

describe('what is found', () => {
  /** A key pair's secret half in OpenSSH's form: all of a kind have the same first line. */
  const opensshKey = (name: string): void => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, name)]);
  };

  it('is no key that only begins like one of the baseline', async ({ skip }) => {
    try {
      opensshKey('old.pem');
      opensshKey('new.pem');
    } catch {
      skip('there is no ssh-keygen here');
    }
    const place = makeRepository(join(directory, 'keys'), { 'old.pem': readFileSync(join(directory, 'old.pem')) });
    const keys = await openTestHost({
      directory: place,
      cache: join(directory, 'k'),
      environment: { XDG_S: directory },
    });
    expect(await keys.run(command('cp "$XDG_S/new.pem" new.pem'))).toMatchObject({ reasonCode: 'POLICY' });
    expect(await keys.run(command('mv old.pem moved.pem'))).toMatchObject({ state: 'SUCCEEDED' });
    await keys.close();
    await expectNothingLeft(keys.host.places);
  });

  it('is taken out of a key on one line, and of each copy of a binary file', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const body = pem.split('\n').slice(1, -2).join('');
    write(directory, { line: `KEY="${pem.trim().split('\n').join(' ')}"\n`, binary: Buffer.from(`\0\0\n${pem}`) });
    const job = await host.run(command('cp "$XDG_S/line" k.env; cp "$XDG_S/binary" x.bin; cp "$XDG_S/binary" y.bin'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect((await served(job)).replaceAll(/\s/g, '')).not.toContain(body.slice(0, 64));
    const patch = (await host.artifact(job.jobId, 'patch.diff')).toString('latin1');
    expect(patch.match(/GIT binary patch\n\[redacted: Private key\]/g)).toHaveLength(2);
  });

  it('is looked for in test reports, and in all that gates printed, however much their log leaves out', async () => {
    const report = `<testsuite><testcase name="t"><failure message="$(cat "$XDG_S/token")"/></testcase></testsuite>`;
    const told = await host.run(
      command('echo two >> a.txt', {
        checks: [
          {
            name: 'report',
            run: `mkdir r; echo '${report.replaceAll('$(cat "$XDG_S/token")', '\'"$(cat "$XDG_S/token")"\'')}' > r/x.xml; exit 1`,
            report: 'r/*.xml',
          },
        ],
      }),
    );
    expect(told).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(await served(told)).not.toContain(token);
    const flood = (bytes: number): string => `yes 'a line of some words' | head -c ${String(bytes)}`;
    const checks = [
      { name: 'noise', run: flood(9_000_000) },
      { name: 'leak', run: `cat "$XDG_S/token"; ${flood(3_000_000)}` },
    ];
    const leaked = await host.run(command('echo two >> a.txt', { checks }));
    expect(leaked).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    const output = must(
      await host.relay.checkOutput({ jobId: leaked.jobId, check: 'leak', offset: 0, maxBytes: 4096 }),
    );
    expect(Buffer.from(output.base64, 'base64').toString()).not.toContain(token);
  });

  it('is looked for in names of new files as well, and shown in none', async () => {
    const job = await host.run(
      command(
        'T=$(cat "$XDG_S/token"); mkdir "$T"; cp "$XDG_S/other" "$T/o.txt"; echo x > "$T.txt"; echo y > plain.txt',
      ),
    );
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', fileCount: 3 });
    expect(job.message).toMatch(/GitHub Token in "the name of a file"/);
    expect(job.files.map(({ path }) => path)).toEqual([
      '[redacted: GitHub Token].txt',
      '[redacted: GitHub Token]/o.txt',
      'plain.txt',
    ]);
    const all = await served(job);
    expect(all).not.toContain(token);
    expect(all).not.toContain(other);
    must(await host.relay.lift({ jobId: job.jobId, finds: [...new Set(fingerprints(job))], origin: 'cli' }));
    const again = await host.ended(job.jobId);
    expect(again.state).toBe('SUCCEEDED');
    expect(again.files.map(({ path }) => path)).toContain(`${token}.txt`);
    const moved = await host.run(command('mkdir sub; mv a.txt sub/b.txt'));
    expect(moved.state).toBe('SUCCEEDED');
  });

  it('is taken out of a reviewed file where another file has it in another form', async () => {
    const job = await host.run(
      command('cp "$XDG_S/token" key.txt; printf %s "$(cat "$XDG_S/token")" | base64 -w0 > b.txt'),
    );
    const content = must(await host.relay.content({ jobId: job.jobId, path: 'b.txt', side: 'after' }));
    const text = Buffer.from(content.base64 ?? '', 'base64').toString();
    expect(text).toContain('[redacted: GitHub Token]');
    expect(text).not.toContain(Buffer.from(token).toString('base64').slice(4, -4));
  });

  it('comes first, whatever else failed, and no other attempt is made', async () => {
    const checks = [{ name: 'says', run: 'cat "$XDG_S/token"; exit 1', must: 'pass' as const }];
    const job = await host.run(command('echo two >> a.txt', { checks, execution: { maxAttempts: 3 } }));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 1 });
    expect(job.message).toMatch(/secret[^]*Besides: The check "says" fails/);
  });
});

describe('a lift', () => {
  it("is a person's, names a find that is there, and is recorded", async () => {
    const job = await host.run(command('cp "$XDG_S/token" key.txt'));
    const [find = ''] = fingerprints(job);
    const { jobId } = job;
    expect(await host.relay.lift({ jobId, finds: [find], origin: 'mcp' })).toMatchObject({
      error: { kind: 'refused' },
    });
    expect(await host.relay.lift({ jobId, finds: ['0'.repeat(16)], origin: 'cli' })).toMatchObject({
      error: { kind: 'invalid', message: expect.stringContaining(find) as string },
    });
    expect((await host.view(jobId)).state).toBe('FAILED');
    must(await host.relay.lift({ jobId, finds: [find], origin: 'cli' }));
    const again = await host.ended(jobId);
    expect(again).toMatchObject({ state: 'SUCCEEDED', attempt: 2, lifted: [find] });
    expect(again).not.toHaveProperty('secrets');
    const { entries } = must(await host.relay.events({ jobId }));
    expect(entries.map(({ event }) => event)).toContainEqual({ type: 'lifted', finds: [find], by: 'cli' });
  });

  it('serves what the executor made, without running it again, judged by all checks', async () => {
    const runs = join(directory, 'runs');
    const checks = [{ name: 'two', run: 'grep -q two a.txt' }];
    const job = await host.run(
      command(`echo run >> '${runs}'; echo heard; cp "$XDG_S/token" key.txt; echo two >> a.txt`, { checks }),
    );
    expect(job.checks.at(-1)).toMatchObject({ name: 'two', verdict: 'skip' });
    must(await host.relay.lift({ jobId: job.jobId, finds: [...fingerprints(job)], origin: 'editor' }));
    const again = await host.ended(job.jobId);
    expect(again.state).toBe('SUCCEEDED');
    expect(again.checks.at(-1)).toMatchObject({ name: 'two', verdict: 'pass', label: 'fixed' });
    expect(readFileSync(runs, 'utf8')).toBe('run\n');
    expect((await host.artifact(job.jobId, 'patch.diff')).toString()).toContain(`+${token}`);
    const log = (await host.artifact(job.jobId, 'logs.txt')).toString();
    expect(log).toMatch(/ stdout \| heard\n[^]*judged again/);
    expect(must(await host.relay.verify({ jobId: job.jobId })).claims.filter(({ holds }) => !holds)).toEqual([]);
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    expect(readFileSync(join(repository, 'key.txt'), 'utf8')).toBe(`${token}\n`);
    must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
    expect(git(repository, 'status', '--porcelain')).toBe('');
  });

  it('holds for the find that it names, and for no other', async () => {
    const job = await host.run(command('cp "$XDG_S/token" key.txt; cp "$XDG_S/other" other.txt'));
    const one = job.secrets?.find(({ source }) => source === 'key.txt')?.fingerprint ?? '';
    must(await host.relay.lift({ jobId: job.jobId, finds: [one], origin: 'cli' }));
    const still = await host.ended(job.jobId);
    expect(still).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 2, lifted: [one] });
    expect(still.secrets?.map(({ source }) => source)).toEqual(['other.txt']);
    expect(await served(still)).not.toContain(other);
    must(await host.relay.lift({ jobId: job.jobId, finds: [...fingerprints(still)], origin: 'cli' }));
    expect(await host.ended(job.jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 3 });
  });

  it('outlives the host that took it, and its patch is not made again', async () => {
    const runs = join(directory, 'once');
    const flag = join(directory, 'flag');
    const checks = [{ name: 'slow', run: `test -e '${flag}' || sleep 60` }];
    const job = await host.run(command(`echo run >> '${runs}'; cp "$XDG_S/token" key.txt`, { checks }));
    must(await host.relay.lift({ jobId: job.jobId, finds: [...fingerprints(job)], origin: 'cli' }));
    await host.running(job.jobId);
    await host.close();
    write(directory, { flag: '' });
    host = await openHere();
    expect(await host.ended(job.jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 3 });
    expect(readFileSync(runs, 'utf8')).toBe('run\n');
  });

  it('can be taken again where the patch could not be judged', async () => {
    const job = await host.run(command('cp "$XDG_S/token" key.txt'));
    const moved = join(directory, 'moved');
    renameSync(repository, moved);
    must(await host.relay.lift({ jobId: job.jobId, finds: [...fingerprints(job)], origin: 'cli' }));
    const failed = await host.ended(job.jobId);
    renameSync(moved, repository);
    if (failed.state === 'FAILED') {
      expect(fingerprints(failed)).toEqual(fingerprints(job));
      must(await host.relay.lift({ jobId: job.jobId, finds: [...fingerprints(failed)], origin: 'cli' }));
    }
    expect((await host.ended(job.jobId)).state).toBe('SUCCEEDED');
  });

  it('shows of the log what was lifted, and never more, also while the patch is judged', async () => {
    const flag = join(directory, 'go');
    const checks = [{ name: 'slow', run: `until test -e '${flag}'; do sleep 0.05; done` }];
    const job = await host.run(command('cat "$XDG_S/token" "$XDG_S/other"; echo two >> a.txt', { checks }));
    const { jobId } = job;
    const lifted = job.secrets?.find(({ rule }) => rule.startsWith('GitHub'))?.fingerprint ?? '';
    must(await host.relay.lift({ jobId, finds: [lifted], origin: 'cli' }));
    await host.running(jobId);
    const live = must(await host.relay.log({ jobId, offset: 0, maxBytes: 1024 * 1024 }));
    expect(Buffer.from(live.base64, 'base64').toString()).not.toContain(other);
    write(directory, { go: '' });
    const ended = await host.ended(jobId);
    expect(ended).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    const log = (await host.artifact(jobId, 'logs.txt')).toString();
    expect(log).toContain(token);
    expect(log).not.toContain(other);
  });
});
