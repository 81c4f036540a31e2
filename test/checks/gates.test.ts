import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/domain/artifact.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, photographRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    'a.txt': 'one\n',
    'src/b.txt': 'two\n',
    'docs/c.md': 'c\n',
    '.gitignore': '/built/\n',
  });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

interface Judged {
  readonly state: string;
  readonly reasonCode: string | undefined;
  readonly message: string;
  readonly check: Check | undefined;
  readonly patch: string;
}

/** Runs a job, and looks at the check with this name; the user's repository stays as it is. */
async function judged(spec: JobSpec, name = 'gate'): Promise<Judged> {
  const before = photographRepository(repository);
  const job = await host.run(spec);
  expect(photographRepository(repository)).toEqual(before);
  const { state, reasonCode, message = '' } = job;
  const check = job.checks.find((one) => one.name === name);
  const has = job.artifacts.some((artifact) => artifact.name === 'patch.diff');
  const patch = has ? (await host.artifact(job.jobId, 'patch.diff')).toString() : '';
  return { state, reasonCode, message, check, patch };
}

const gate = (run: string, more: object = {}) => ({ checks: [{ name: 'gate', run, ...more }] });

describe('a gate', () => {
  it('that passes on the result passes, and says what was run', async () => {
    const { state, check } = await judged(command('echo more >> a.txt', gate('grep -q more a.txt')));
    expect(state).toBe('SUCCEEDED');
    expect(check).toMatchObject({
      verdict: 'pass',
      label: 'fixed',
      run: 'grep -q more a.txt',
      exitCode: 0,
      detail: 'exit 0 on the result; exit 1 twice on the baseline',
    });
  });

  it('that regresses fails the job, with what it printed', async () => {
    const { state, reasonCode, message, check } = await judged(
      command('echo x > a.txt', gate('grep one a.txt || { echo "no one here" >&2; exit 7; }')),
    );
    expect([state, reasonCode]).toEqual(['FAILED', 'ACCEPTANCE']);
    expect(message).toMatch(/"gate" passes on the baseline and fails on the result: exit 7/);
    expect(check).toMatchObject({
      verdict: 'fail',
      detail: expect.stringMatching(/^exit 7 twice on the result; exit 0 on the baseline\nno one here$/) as unknown,
    });
  });

  it('that failed before as well is told, and fails nothing', async () => {
    const { state, check } = await judged(command('echo x > a.txt', gate('exit 4')));
    expect(state).toBe('SUCCEEDED');
    expect(check).toMatchObject({
      verdict: 'skip',
      detail: expect.stringMatching(/^exit 4 twice on the result; exit 4 twice on the baseline/) as unknown,
    });
  });

  it('that must pass fails the job whatever was before', async () => {
    const { state, reasonCode, message } = await judged(command('echo x > a.txt', gate('exit 4', { must: 'pass' })));
    expect([state, reasonCode]).toEqual(['FAILED', 'ACCEPTANCE']);
    expect(message).toMatch(/fails on the result: exit 4/);
  });

  it('that writes into the tree changes no patch, nor what the next gate and job see', async () => {
    const { state, patch } = await judged(
      command('echo x > a.txt', {
        checks: [
          { name: 'gate', run: 'echo written > a.txt; echo new > new.txt; rm -r src; rm -rf .git' },
          {
            name: 'next',
            run: 'test "$(cat a.txt)" = x && test ! -e new.txt && test -d src && git rev-parse HEAD',
            must: 'pass',
          },
        ],
      }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(patch).not.toContain('written');
    expect(patch.match(/^diff --git/gm)).toHaveLength(1);
  });

  it('sees the result as staged on the baseline, and the whole tree', async () => {
    const run =
      'test "$(git status --porcelain | tr "\\n" ";")" = "M  a.txt;A  new.txt;D  src/b.txt;" && test -f docs/c.md';
    const { state, check } = await judged(
      command('echo x > a.txt; rm src/b.txt; echo n > new.txt', gate(run, { must: 'pass' })),
    );
    expect(check?.detail).toContain('exit 0');
    expect(state).toBe('SUCCEEDED');
  });

  it('that runs past its time is ended, with all that it started', async () => {
    const { state, reasonCode, message } = await judged(
      command('echo x > a.txt', gate('setsid sleep 1000 & sleep 1000', { timeoutS: 1, must: 'pass' })),
    );
    expect([state, reasonCode]).toEqual(['FAILED', 'ACCEPTANCE']);
    expect(message).toMatch(/ran past its time limit/);
  });

  it('that is not found is told as what it is', async () => {
    const { message } = await judged(command('echo x > a.txt', gate('no-such-linter', { must: 'pass' })));
    expect(message).toMatch(/exit 127/);
  });

  it('that prints without end is cut', async () => {
    const { check } = await judged(
      command('echo x > a.txt', gate('head -c 30000000 /dev/zero | tr "\\0" "y"; echo last; exit 1', { must: 'pass' })),
    );
    expect(check?.detail?.length).toBeLessThan(4100);
  });

  it('is not run where an earlier check failed', async () => {
    const { state, check } = await judged(command('true', gate('touch $HOME/ran')));
    expect(state).toBe('FAILED');
    expect(check).toMatchObject({ verdict: 'skip', detail: expect.stringMatching(/Not run/) as unknown });
  });

  it('of several jobs at once waits for a slot, and none for ever', async () => {
    const spec = command('echo x > a.txt', {
      checks: ['one', 'two'].map((name) => ({ name, run: 'grep -q x a.txt' })),
    });
    const jobs = await Promise.all(Array.from({ length: 4 }, () => host.run(spec)));
    expect(jobs.map(({ state, checks }) => [state, ...checks.slice(-2).map(({ label }) => label)])).toEqual(
      Array.from({ length: 4 }, () => ['SUCCEEDED', 'fixed', 'fixed']),
    );
  });

  it('is stopped by a cancel', async () => {
    const submitted = await host.submit(command('echo x > a.txt', gate('echo gate runs; sleep 1000')));
    if (!submitted.ok) throw new Error(submitted.error.message);
    const { jobId } = submitted.value;
    await host.logged(jobId, 'gate runs');
    await host.relay.cancel({ jobId, origin: 'cli' });
    expect(await host.ended(jobId)).toMatchObject({ state: 'CANCELED' });
  });
});

describe('setup', () => {
  it('leaves files and changes that are in no patch', async () => {
    const { state, patch } = await judged(
      command('cat generated.txt built/x > /dev/null && echo more >> src/b.txt', {
        setup: 'echo g > generated.txt; mkdir built; echo b > built/x; echo setup >> a.txt; rm docs/c.md',
      }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(patch.match(/^diff --git .*/gm)).toEqual(['diff --git a/src/b.txt b/src/b.txt']);
  });

  it('leaves what the executor changed too as the executor left it', async () => {
    const { state, patch } = await judged(
      command('echo executor >> a.txt; echo executor >> generated.txt', {
        setup: 'echo g > generated.txt; echo setup >> a.txt',
      }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(patch).toContain('+setup\n+executor');
    expect(patch).toContain('+g\n+executor');
  });

  it('alone is no result', async () => {
    const { state, reasonCode } = await judged(command('true', { setup: 'echo setup >> a.txt; echo g > g' }));
    expect([state, reasonCode]).toEqual(['FAILED', 'BAD_ARTIFACTS']);
  });

  it('that the executor takes back is taken back', async () => {
    const { state, patch } = await judged(
      command('rm g; git checkout -q a.txt; echo x > src/b.txt', { setup: 'echo setup >> a.txt; echo g > g' }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(patch.match(/^diff --git .*/gm)).toEqual(['diff --git a/src/b.txt b/src/b.txt']);
  });

  it('may put a folder where a file is, and the executor the other way round', async () => {
    const { state, patch } = await judged(
      command('rm -r src; echo file > src', { setup: 'rm docs/c.md; mkdir docs/c.md; echo x > docs/c.md/x' }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(patch.match(/^diff --git .*/gm)).toEqual(['diff --git a/src b/src', 'diff --git a/src/b.txt b/src/b.txt']);
  });

  it('that fails ends the job with its last words', async () => {
    const { state, reasonCode, message } = await judged(
      command('echo x > a.txt', { setup: 'echo no network >&2; exit 5' }),
    );
    expect([state, reasonCode]).toEqual(['FAILED', 'EXECUTOR_ERROR']);
    expect(message).toMatch(/setup command failed \(exit 5\): no network/);
  });

  it('runs before each gate, on the result and on the baseline', async () => {
    const { state, check } = await judged(
      command('echo x > a.txt', {
        setup: 'echo g > generated.txt',
        ...gate('test -f generated.txt && grep -q x a.txt'),
      }),
    );
    expect(state).toBe('SUCCEEDED');
    expect(check?.verdict).toBe('pass');
  });

  it('is bounded by the time of its attempt', async () => {
    const { state, reasonCode } = await judged(command('true', { setup: 'sleep 1000', execution: { timeoutS: 1 } }));
    expect([state, reasonCode]).toEqual(['FAILED', 'TIMEOUT']);
  });
});

describe('the scope', () => {
  const scope = { scope: { fileGlobs: ['src/**', '*.txt'] } };

  it('lets through what it names', async () => {
    const { state, check } = await judged(
      command('echo x > a.txt; echo y > src/.hidden; mkdir src/d; echo z > src/d/z', scope),
      'scope',
    );
    expect(state).toBe('SUCCEEDED');
    expect(check?.verdict).toBe('pass');
  });

  it.each([
    ['an added file', 'echo x > docs/new.md', 'docs/new.md'],
    ['a deleted file', 'rm docs/c.md', 'docs/c.md'],
    ['permissions', 'chmod +x docs/c.md', 'docs/c.md'],
    ['a moved file', 'mv src/b.txt docs/b.txt', 'docs/b.txt'],
    ['a link', 'ln -s ../docs docs/link', 'docs/link'],
    ['a hidden file', 'echo x >> .gitignore', '.gitignore'],
    [
      'a file below a folder named like a file',
      'rm -r docs; mkdir -p docs/a.txt; echo x > docs/a.txt/x',
      'docs/a.txt/x',
    ],
  ])('refuses %s outside of it, by name', async (_name, run, path) => {
    const { state, reasonCode, message } = await judged(command(`echo ok > a.txt; ${run}`, scope));
    expect([state, reasonCode]).toEqual(['FAILED', 'POLICY']);
    expect(message).toContain(`"${path}"`);
    expect(message).toContain('src/**');
  });
});
