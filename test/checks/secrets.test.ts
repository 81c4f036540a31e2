import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';
import { Noise, plantedSecrets } from './secretCorpus.ts';

const planted = plantedSecrets(7);
const token = of('GitHub classic');
const other = of('GitLab personal');
const pem = of('PEM RSA');
const known = of('Stripe live');

function of(kind: string): string {
  const sample = planted.find((one) => one.kind === kind);
  if (sample === undefined) throw new Error(`no sample of ${kind}`);
  return sample.secret;
}

let directory: string;
let repository: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    'a.txt': 'one\ntwo\nthree\n',
    'settings.ini': `[shop]\nkey = ${known}\n`,
    'old.pem': of('PEM Ed25519'),
  });
  // What jobs copy from: in no repository, so that no command has a secret in its own line.
  write(directory, {
    'token.txt': `token = ${token}\n`,
    'other.txt': `token = ${other}\n`,
    'key.pem': pem,
    'binary.key': Buffer.concat([Buffer.from([0, 1, 2, 255]), Buffer.from(pem), Buffer.from([0])]),
    'wide.txt': Buffer.from(`\ufefftoken = ${token}\r\n`, 'utf16le'),
    'noise.bin': new Noise(3).bytes(20_000),
  });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** Runs a shell line in which $S is the folder of samples. */
async function run(line: string, more: Parameters<typeof command>[1] = {}): Promise<JobView> {
  return host.run(command(`S='${directory}'; ${line}`, more));
}

function secretsOf(job: JobView): { verdict: string; detail: string } {
  const check = job.checks.find(({ name }) => name === 'secrets');
  return { verdict: check?.verdict ?? 'none', detail: check?.detail ?? '' };
}

describe('a job that leaves a secret fails', () => {
  it('in a new file, by its name and line, with what to do', async () => {
    const job = await run('mkdir src; { echo one; cat $S/token.txt; } > "src/new file.ts"');
    expect([job.state, job.reasonCode]).toEqual(['FAILED', 'POLICY']);
    expect(job.message).toMatch(
      /GitHub Token in "src\/new file\.ts", line 2 \(ghp_…, 40 characters, fingerprint [0-9a-f]{16}\)/,
    );
    expect(job.message).toMatch(/task-relay lift JOB [0-9a-f]{16}, or "Relay: Lift Secret Find"/);
    expect(JSON.stringify(job)).not.toContain(token.slice(5));
  });

  it('in a line of a file that was there, by the line that it has now', async () => {
    const job = await run('{ head -n 2 a.txt; cat $S/token.txt; tail -n 1 a.txt; } > b.txt && mv b.txt a.txt');
    expect([job.reasonCode, job.message]).toEqual(['POLICY', expect.stringContaining('in "a.txt", line 3')]);
  });

  it('that it only printed, naming the log', async () => {
    const job = await run('cat $S/token.txt; echo more >> a.txt');
    expect([job.state, job.reasonCode]).toEqual(['FAILED', 'POLICY']);
    expect(job.message).toMatch(/GitHub Token in logs\.txt, line \d+/);
    expect(secretsOf(job).verdict).toBe('fail');
  });

  it('that is a key of many lines, in the log with its times as well', async () => {
    const job = await run('cat $S/key.pem; echo more >> a.txt');
    expect(job.message).toMatch(/Private key in logs\.txt/);
  });

  it('that only a gate printed, after all else was proven', async () => {
    const job = await run('echo more >> a.txt', { checks: [{ name: 'gate', run: `cat '${directory}/other.txt'` }] });
    expect([job.state, job.reasonCode]).toEqual(['FAILED', 'POLICY']);
    expect(job.message).toMatch(/GitLab [Tt]oken in logs\.txt/);
    expect(JSON.stringify(job)).not.toContain(other.slice(6));
  });

  it('that a gate printed and reported: neither its output nor the tests that failed show it', async () => {
    const report = `<testsuite><testcase name="a"><failure message="$(cat '${directory}/other.txt')"/></testcase></testsuite>`;
    const gate = { name: 'gate', run: `echo "${report.replaceAll('"', '\\"')}" | tee r.xml; exit 1`, report: 'r.xml' };
    const job = await run('echo more >> a.txt', { checks: [gate] });
    const output = (await host.checkOutput(job.jobId, 'gate')).toString();
    expect(output).not.toContain(other.slice(6));
    expect(output).toMatch(/message="token = \[redacted: GitLab [Tt]oken\]"/);
    expect(job.checks.at(-1)?.tests?.failures[0]?.message).toMatch(/^token = \[redacted: /);
    expect(JSON.stringify(job)).not.toContain(other.slice(6));
  });

  it('where another check failed before: the patch is looked through all the same', async () => {
    const job = await run('cp $S/token.txt outside.txt', { scope: { fileGlobs: ['src/**'] } });
    expect([job.reasonCode, job.message]).toEqual(['POLICY', expect.stringContaining('outside of the task')]);
    expect(secretsOf(job).verdict).toBe('fail');
  });

  it('in a file that git calls binary', async () => {
    const job = await run('cp $S/binary.key x.bin');
    expect(job.message).toMatch(/Private key in "x\.bin"/);
  });

  it('in UTF-16', async () => {
    expect((await run('cp $S/wide.txt wide.txt')).message).toMatch(/GitHub Token in "wide\.txt", line 1/);
  });

  it('that an attribute of the same patch calls binary', async () => {
    const job = await run('echo "*.cfg binary" > .gitattributes; { echo; cat $S/token.txt; } > x.cfg');
    expect(job.message).toMatch(/GitHub Token in "x\.cfg", line 2/);
  });

  it('that a comment of the same patch would let through', async () => {
    const job = await run('{ echo "// secretlint-disable"; cat $S/token.txt; } > x.js');
    expect(job.message).toMatch(/GitHub Token in "x\.js", line 2/);
  });
});

describe('a job passes', () => {
  it('that leaves none', async () => {
    const job = await run('echo more >> a.txt; cp $S/noise.bin noise.bin');
    expect(job.state).toBe('SUCCEEDED');
    expect(secretsOf(job)).toEqual({
      verdict: 'pass',
      detail: expect.stringMatching(/^No secret in \d+ bytes/) as unknown,
    });
  });

  it('that moves one which the baseline has, and this is told', async () => {
    const job = await run('mkdir conf; mv settings.ini conf/shop.ini; mv old.pem conf/new.pem');
    expect(job.state).toBe('SUCCEEDED');
    expect(secretsOf(job).detail).toMatch(
      /At the baseline already: .*Stripe Live Secret Key in "conf\/shop\.ini", line 2/,
    );
    expect(secretsOf(job).detail).toMatch(/Private key in "conf\/new\.pem", line 1/);
  });

  it('that takes one away', async () => {
    const job = await run('echo "[shop]" > settings.ini');
    expect([job.state, secretsOf(job).detail]).toEqual(['SUCCEEDED', expect.not.stringContaining('Stripe') as unknown]);
  });

  it('that changes the line beside one', async () => {
    const job = await run('echo "# end" >> settings.ini');
    expect([job.state, secretsOf(job).detail]).toEqual(['SUCCEEDED', expect.not.stringContaining('Stripe') as unknown]);
  });
});

describe('a fingerprint', () => {
  const printIn = (job: JobView): string => /fingerprint ([0-9a-f]{16})/.exec(job.message ?? '')?.[1] ?? 'none';

  it('names one secret in whatever line and job, and differs from secret to secret', async () => {
    const first = printIn(await run('cp $S/token.txt x.txt'));
    const second = printIn(await run('{ echo; echo; cat $S/token.txt; } > other.txt'));
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).toBe(first);
    expect(printIn(await run('cp $S/other.txt x.txt'))).not.toBe(first);
    expect(git(repository, 'status', '--porcelain')).toBe('');
  });
});
