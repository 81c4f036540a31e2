import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory, write, commit } from '../fixtures/repository.ts';
import { command, must, openTestHost, printed, type TestHost } from '../fixtures/testHost.ts';

let place: string;
let repository: string;
let host: TestHost;
let policy: unknown;
let count = 0;

beforeAll(() => {
  place = temporaryDirectory();
});
afterAll(() => removeDirectory(place));
beforeEach(async () => {
  repository = makeRepository(join(place, `repository${String(++count)}`), { 'a.txt': 'a\n', 'src/b.ts': 'b\n' });
  policy = undefined;
  host = await openTestHost({
    directory: repository,
    cache: join(place, 'cache'),
    hostPolicy: () => policy ?? { protect: [], lift: [], limits: {} },
  });
});
afterEach(() => host.close());

function verdicts(job: JobView): readonly string[] {
  return job.checks.map(({ name, verdict }) => `${name} ${verdict}`);
}

describe('a hostile command', () => {
  const commands: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'an HFS git directory',
      `d=$(printf '.g\\342\\200\\214it'); mkdir "$d"; echo x > "$d/config"`,
      'POLICY',
      /characters that cannot be seen/,
    ],
    ['a git directory in other case', 'mkdir .GIT; echo x > .GIT/config', 'BAD_ARTIFACTS', /\.GIT/],
    ['a git directory by its short name', "mkdir 'git~1'; echo x > 'git~1/config'", 'BAD_ARTIFACTS', /git~1/],
    ['a link to a file of the system', 'ln -s /etc/passwd config', 'POLICY', /"config" leads to an absolute path/],
    ['a link out of the repository', 'ln -s ../../../.. up', 'POLICY', /"up" leads out of the repository/],
    ['a file swapped for a link', 'rm a.txt; ln -s ../a.txt a.txt', 'POLICY', /"a\.txt" leads out/],
    [
      'a link into the git directory',
      'ln -s .git/config c',
      'POLICY',
      /"c" leads to what is inside of a git directory/,
    ],
    [
      'a workflow',
      'mkdir -p .github/workflows; echo x > .github/workflows/x.yml',
      'POLICY',
      /x\.yml", which is protected by default/,
    ],
    ['a hook', 'mkdir hooks; echo x > hooks/pre-commit; chmod 4755 hooks/pre-commit', 'POLICY', /"hooks\/pre-commit"/],
    ['an .npmrc below', 'mkdir -p packages/x; echo x > packages/x/.npmrc', 'POLICY', /"packages\/x\/\.npmrc"/],
    ['a bomb', 'truncate -s 200M bomb', 'BAD_ARTIFACTS', /"bomb" has 209715200 bytes, and the limit is 52428800/],
    [
      'a policy of its own',
      `echo '{"lift":["**"]}' > .task-relay.json; echo x > .npmrc`,
      'POLICY',
      /"\.npmrc", which is protected/,
    ],
    [
      'a submodule that it makes up',
      'printf "[submodule \\"x\\"]\\n\\tpath = x\\n\\turl = ext::sh\\n" > .gitmodules',
      'POLICY',
      /"\.gitmodules"/,
    ],
  ];
  it.each(commands)('%s', async (_what, run, reasonCode, message) => {
    const job = await host.run(command(run));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode, message: expect.stringMatching(message) as unknown });
  });

  it('a bomb leaves its name, and no patch to be served', async () => {
    const job = await host.run(command('truncate -s 200M bomb'));
    expect(verdicts(job)).toEqual(['bundle fail', 'scope skip', 'secrets pass', 'applies skip', 'fidelity skip']);
    expect(job.files.map(({ path }) => path)).toEqual(['bomb']);
    expect(job.artifacts.map(({ name }) => name).sort()).toEqual(['logs.txt', 'out.md']);
  });
});

describe('a task that is about a protected path', () => {
  const run = 'echo "x=1" > .npmrc; mkdir -p .github/workflows; echo "on: push" > .github/workflows/ci.yml';

  it('may touch it where a person allows it by name', async () => {
    const some = await host.run(command(run, { scope: { allowProtected: ['.npmrc'] } }), { origin: 'editor' });
    expect(some).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(some.message).toContain('".github/workflows/ci.yml"');
    expect(some.message).not.toContain('".npmrc"');
    const scope = { allowProtected: ['.npmrc', '.github/workflows/**'] };
    const all = await host.run(command(run, { scope }), { origin: 'editor' });
    expect(all).toMatchObject({ state: 'SUCCEEDED' });
    expect(all.checks[1]?.detail).toMatch(/protected, but allowed: "\.github\/workflows\/ci\.yml", "\.npmrc"/);
  });

  it('is refused from an agent, also as a retry of a person’s', async () => {
    const spec = command(run, { scope: { allowProtected: ['.npmrc'] } });
    expect(await host.submit(spec, { origin: 'mcp' })).toMatchObject({
      ok: false,
      error: { kind: 'refused', message: expect.stringMatching(/scope\.allowProtected \("\.npmrc"\)/) as unknown },
    });
    const { jobId } = await host.run(spec, { origin: 'cli' });
    expect(await host.relay.retry({ jobId, origin: 'mcp' })).toMatchObject({ ok: false, error: { kind: 'refused' } });
    const again = must(await host.relay.retry({ jobId, origin: 'cli' }));
    await host.ended(again.jobId);
  });
});

describe('the policy file', () => {
  it('counts as it is at the baseline, whatever the working tree has', async () => {
    write(repository, { '.task-relay.json': '{"protect":["src/**"],"lift":[".npmrc"]}' });
    const uncommitted = await host.run(command('echo x > src/b.ts'));
    expect(uncommitted).toMatchObject({ state: 'SUCCEEDED' });
    commit(repository);
    write(repository, { '.task-relay.json': '{}' });
    const protectedNow = await host.run(command('echo y > src/b.ts'));
    expect(protectedNow).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(protectedNow.message).toMatch(/"src\/b\.ts", which is protected by \.task-relay\.json at the baseline/);
    expect(await host.run(command('echo x > .npmrc'))).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('bounds a patch where it is stricter than the settings', async () => {
    write(repository, { '.task-relay.json': '{"limits":{"files":1}}' });
    commit(repository);
    const job = await host.run(command('echo x > x; echo y > y'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
    expect(job.message).toMatch(/changes 2 files, and the limit is 1\..*limits\.files in \.task-relay\.json/);
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{"protect": [', /it is no JSON/],
    ['a field that is unknown', '{"protected": []}', /protected: unknown field/],
    ['a glob that is negated', '{"lift": ["!x"]}', /lift\[0\]: .*does not begin with "!"/],
    ['a limit of another kind', '{"limits": {"files": "many"}}', /limits\.files: expected int|limits\.files: .*number/],
    ['nothing but a text', '"x"', /\(the input\): expected object/],
  ];
  it.each(broken)('that is %s fails the job before anything runs, by the field', async (_what, text, message) => {
    write(repository, { '.task-relay.json': text });
    commit(repository);
    const job = await host.run(command('echo it ran', { execution: { maxAttempts: 3 } }));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 1 });
    expect(job.message).toMatch(/^\.task-relay\.json at the baseline cannot be used: /);
    expect(job.message).toMatch(message);
    expect(printed(await host.artifact(job.jobId, 'logs.txt'))).toBe('');
  });

  it('that is a folder is told as that', async () => {
    write(repository, { '.task-relay.json/x': '' });
    commit(repository);
    expect((await host.run(command('true'))).message).toMatch(/it is a folder/);
    git(repository, 'rm', '-r', '--quiet', '.task-relay.json');
    commit(repository);
    expect(await host.run(command('echo x > a.txt'))).toMatchObject({ state: 'SUCCEEDED' });
  });
});

describe('a baseline that the task chose', () => {
  const hostile = 'echo x > .envrc; mkdir -p .github/workflows; echo x > .github/workflows/ci.yml';
  const lifting = '{"lift":[".envrc",".github/workflows/**"]}';
  const agent = { origin: 'mcp' } as const;

  const fetched = (files: Readonly<Record<string, string>>, run: string): JobSpec => {
    const evil = makeRepository(join(place, `evil${String(++count)}`), files);
    const [url, baselineCommit] = [`file://${evil}`, ObjectId.parse(git(evil, 'rev-parse', 'HEAD').trim())];
    return command(run, { repo: { type: 'git', url, baseBranch: 'main', baselineCommit } });
  };

  it('lifts nothing for the tree that the patch is for, unless that has the lift as well', async () => {
    const spec = fetched({ 'a.txt': 'a\n', '.task-relay.json': lifting }, hostile);
    const job = await host.run(spec, agent);
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(job.message).toMatch(/"\.envrc".*protected by default/s);
    write(repository, { '.task-relay.json': lifting });
    expect(await host.run(spec, agent)).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    commit(repository);
    expect(await host.run(spec, agent)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('takes nothing from what that tree protects and limits', async () => {
    write(repository, { '.task-relay.json': '{"protect":["src/**"],"limits":{"files":1}}' });
    commit(repository);
    const inside = await host.run(fetched({ 'src/b.ts': 'b\n' }, 'echo x > src/b.ts'), agent);
    expect(inside).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(inside.message).toMatch(/"src\/b\.ts", which is protected by \.task-relay\.json at the baseline or at HEAD/);
    const many = await host.run(fetched({ 'a.txt': 'a\n' }, 'echo x > x; echo y > y'), agent);
    expect(many).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
  });

  it('is no way round a protection where it is an older commit of the same repository', async () => {
    const baselineCommit = ObjectId.parse(git(repository, 'rev-parse', 'HEAD').trim());
    write(repository, { '.task-relay.json': '{"protect":["src/**"]}' });
    commit(repository);
    const repo = { type: 'local', path: repository, baselineCommit } as const;
    const job = await host.run(command('echo x > src/b.ts', { repo }), agent);
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  });

  it('is not judged where the policy at HEAD cannot be used', async () => {
    write(repository, { '.task-relay.json': '{' });
    commit(repository);
    const job = await host.run(fetched({ 'a.txt': 'a\n' }, 'echo x > a.txt'), agent);
    expect(job.message).toMatch(/^\.task-relay\.json at HEAD of the working tree cannot be used: it is no JSON/);
  });
});

describe('the settings', () => {
  it('count from the next job on', async () => {
    expect(await host.run(command('echo x > src/b.ts'))).toMatchObject({ state: 'SUCCEEDED' });
    policy = { protect: ['src/**'], lift: ['.npmrc'], limits: { fileBytes: 10 } };
    expect((await host.run(command('echo y > src/b.ts'))).message).toMatch(
      /protected by the setting relay\.policy\.protect/,
    );
    expect((await host.run(command('echo 12345678901 > x'))).message).toMatch(/"x" has 12 bytes, and the limit is 10/);
    expect(await host.run(command('echo x > .npmrc'))).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('that cannot be used fail the job by their name', async () => {
    policy = { protect: ['!x'], lift: 'x', limits: { files: 0 } };
    const job = await host.run(command('echo x > x'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(job.message).toMatch(/protect\[0\].*lift: .*limits\.files/);
  });
});
