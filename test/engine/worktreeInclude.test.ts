import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { MOST_INCLUDED } from '../../src/engine/worktreeInclude.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { plantedSecrets } from '../checks/secretCorpus.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  git,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
  type Files,
} from '../fixtures/repository.ts';
import { command, openTestHost, printed, type TestHost } from '../fixtures/testHost.ts';

let place: string;
let repository: string;
let host: TestHost;

beforeEach(async () => {
  place = temporaryDirectory();
  repository = makeRepository(join(place, 'repo'), {
    'a.txt': 'a\n',
    '.gitignore': '.env*\n/local/\n',
    '.worktreeinclude': '# what tests need\n.env.local\n/local/*.json\n!/local/not.json\na.txt\nloose.txt\n',
  });
  write(repository, {
    '.env.local': 'COLOUR=blue\n',
    'packages/web/.env.local': 'COLOUR=red\n',
    '.env.other': 'not named\n',
    'local/db.json': '{}\n',
    'local/not.json': '{}\n',
    'loose.txt': 'untracked, and not ignored\n',
  });
  host = await openTestHost({ directory: repository, cache: join(place, 'cache'), concurrency: 1 });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(place);
});

interface Ran {
  readonly job: JobView;
  readonly log: string;
  readonly out: string;
  readonly patch: string;
}

/** The user's repository stays as it is, whatever the job does. */
async function run(line: string, more: Partial<JobSpec> = {}): Promise<Ran> {
  const before = photographRepository(repository);
  const job = await host.run(command(line, { allowEmpty: true, ...more }));
  expect(photographRepository(repository)).toEqual(before);
  const log = await host.artifact(job.jobId, 'logs.txt');
  const has = job.artifacts.some(({ name }) => name === 'patch.diff');
  const patch = has ? (await host.artifact(job.jobId, 'patch.diff')).toString() : '';
  return { job, log: log.toString(), out: printed(log), patch };
}

/** Every file of the slot that its commit does not have. */
const LIST = 'git ls-files --others | sort';

function changed(files: Files): void {
  write(repository, files);
  git(repository, 'add', '.worktreeinclude', '.gitignore');
  git(repository, 'commit', '--quiet', '--message', 'A change');
}

describe('.worktreeinclude', () => {
  it('brings the ignored files that it names, and no others', async () => {
    chmodSync(join(repository, '.env.local'), 0o640);
    const { job, out, log } = await run(`${LIST}; cat .env.local; stat -c %a .env.local`);
    expect(job.state).toBe('SUCCEEDED');
    expect(out.split('\n')).toEqual(['.env.local', 'local/db.json', 'packages/web/.env.local', 'COLOUR=blue', '640']);
    expect(log).toMatch(/relay {2}\| \.worktreeinclude: "\.env\.local" was copied \(12 bytes\)/);
    expect(log.match(/was copied/g)).toHaveLength(3);
    expect(log).not.toContain('COLOUR=red');
  });

  it('brings them before setup, and into the slots of gates', async () => {
    const needed = 'grep -q blue .env.local';
    const { job, log } = await run('echo more >> a.txt', { setup: needed, checks: [{ name: 'gate', run: needed }] });
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(job.checks.at(-1)).toMatchObject({ name: 'gate', verdict: 'pass', label: 'still passing' });
    expect(log.match(/"\.env\.local" was copied/g)).toHaveLength(1);
    expect(log).toContain('setup left every file that git sees as it was');
  });

  it('leaves nothing of them to the next job in the slot', async () => {
    await run('chmod 000 local; chmod 400 .env.local');
    changed({ '.worktreeinclude': '\n' });
    expect((await run(LIST)).out).toBe('');
  });

  const ways: readonly (readonly [string, string])[] = [
    ['changes one', 'echo more >> .env.local'],
    ['has git ignore none of them', ': > .gitignore; echo more >> packages/web/.env.local'],
    ['adds one by force', 'git add --force .env.local && git -c user.name=a -c user.email=a@b commit -qm x'],
    ['takes them away', ': > .gitignore; rm -r .env.local local packages'],
  ];
  it.each(ways)('never lets them into a patch, where the job %s', async (_what, line) => {
    for (const setup of [undefined, 'true']) {
      const { job, patch } = await run(`${line}; echo more >> a.txt`, setup === undefined ? {} : { setup });
      expect(job).toMatchObject({ state: 'SUCCEEDED' });
      const paths = job.files.map(({ path }) => path).sort();
      expect(paths).toEqual(line.includes(': >') ? ['.gitignore', 'a.txt'] : ['a.txt']);
      expect(patch).not.toContain('COLOUR');
      expect(job.checks.map(({ detail }) => detail).join('\n')).not.toContain('.env.local');
    }
  });

  it('does not even where only the user’s own excludes ignore them, and takes what the job makes in their place', async () => {
    changed({ '.gitignore': '/local/\n' });
    write(repository, { '.git/info/exclude': '.env.local\n' });
    const { job } = await run('echo more >> .env.local; rm packages/web/.env.local; echo new > packages/web/x');
    expect(job.files.map(({ path }) => path)).toEqual(['packages/web/x']);
  });

  it('takes nothing off the scan for secrets: what stands in them is no part of the baseline', async () => {
    const secret = plantedSecrets(7).find(({ kind }) => kind === 'GitHub classic')?.secret ?? '';
    write(repository, { '.env.local': `TOKEN=${secret}\n` });
    expect(secret).not.toBe('');
    const quiet = await run('echo more >> a.txt');
    expect(quiet.job.state).toBe('SUCCEEDED');
    const { job, patch } = await run('cp .env.local settings.txt');
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
    expect(patch).not.toContain(secret);
  });
});

describe('.worktreeinclude is read', () => {
  it('as it is at HEAD: what lies in the working tree names nothing, and this is said', async () => {
    write(repository, { '.worktreeinclude': '.env.other\n' });
    expect((await run(LIST)).out).not.toContain('.env.other');
    git(repository, 'rm', '--quiet', '--cached', '.worktreeinclude');
    git(repository, 'commit', '--quiet', '--message', 'Without it');
    const { out, log } = await run(LIST);
    expect(out).toBe('');
    expect(log).toContain('.worktreeinclude: it is not in the commit at HEAD. Commit it to have files copied');
  });

  it('for a job of the workspace alone', async () => {
    const baselineCommit = ObjectId.parse(git(repository, 'rev-parse', 'HEAD'));
    expect((await run(LIST, { repo: { type: 'local', path: repository, baselineCommit } })).out).toBe('');
    expect((await run(LIST, { repo: { type: 'workspace' } })).out).toContain('.env.local');
  });
});

describe('.worktreeinclude does not bring', () => {
  it('a link, a fifo, or a repository of its own, and says so', async () => {
    symlinkSync('/etc/hostname', join(repository, 'local/link.json'));
    execFileSync('sh', ['-c', 'mkfifo local/fifo.json'], { cwd: repository });
    makeRepository(join(repository, 'local/nested.json'), { x: 'x' });
    const { out, log } = await run(LIST);
    expect(out.split('\n')).toEqual(['.env.local', 'local/db.json', 'packages/web/.env.local']);
    expect(log).toContain('"local/link.json" was not copied: it is no regular file');
    expect(log).toContain('"local/nested.json/" was not copied: it is a repository of its own');
  });

  it('what the commit has in its place: no file is written over, and no link of it is followed', async () => {
    const target = join(place, 'target');
    write(target, { keep: 'x' });
    symlinkSync(target, join(repository, 'local2'));
    git(repository, 'add', '--force', 'local2', '.env.local');
    git(repository, 'commit', '--quiet', '--message', 'With a link');
    git(repository, 'rm', '--quiet', '--cached', '.env.local', 'local2');
    removeDirectory(join(repository, 'local2'));
    // The index is without them, while HEAD, and so the slot, has them.
    write(repository, { '.env.local': 'CHANGED\n', 'local2/.env.local': 'x\n', 'a.txt': 'a\n' });
    const { out, log } = await run('cat .env.local');
    expect(out).toBe('COLOUR=blue');
    expect(log).toContain('".env.local" was not copied: the commit has a file of this name');
    expect(log).toContain('"local2/.env.local" was not copied: the commit has no folder in that place');
    expect(photographRepository(target)).toEqual({ keep: expect.any(String) as unknown });
  });

  it('too many files, or too large ones', async () => {
    changed({ '.worktreeinclude': '/local/\n' });
    write(repository, { 'local/big': '' });
    truncateSync(join(repository, 'local/big'), 64 * 1024 * 1024 + 1);
    for (let index = 0; index < MOST_INCLUDED; index += 1) write(repository, { [`local/n/${String(index)}`]: 'x' });
    const { out, log } = await run('git ls-files --others | wc -l');
    expect(Number(out)).toBe(MOST_INCLUDED);
    expect(log).toContain('"local/big" was not copied: with it there were more than 67108864 bytes');
    expect(log).toContain('2 files more were not copied: 1000 are the most');
  });
});

it('a repository without a .worktreeinclude gets nothing, and hears nothing of it', async () => {
  removeDirectory(join(repository, '.worktreeinclude'));
  git(repository, 'rm', '--quiet', '--cached', '.worktreeinclude');
  git(repository, 'commit', '--quiet', '--message', 'Without it');
  const { out, log } = await run(LIST);
  expect([out, log.includes('worktreeinclude:')]).toEqual(['', false]);
});
