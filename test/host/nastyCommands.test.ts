import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { procfs } from '../../src/process/procfs.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  git,
  gitsView,
  makeRepository,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, openTestHost, printed, type TestHost } from '../fixtures/testHost.ts';

// Many jobs in one test: a machine that is busy takes its time.
vi.setConfig({ testTimeout: 120_000 });

/** Everything that an executor finds when it starts, but for the objects and the times. */
const LOOK = `find . -path ./.git/objects -prune -o -printf '%p %y %m %n %l\\n' | LC_ALL=C sort; cat .git/config .git/HEAD; git status --porcelain --ignored; cat a.txt src/b.txt`;

let directory: string;
let repository: string;
let host: TestHost;
let untouched: Photograph;
let sees: string;

async function look(): Promise<string> {
  const job = await host.run(command(LOOK, { allowEmpty: true }));
  expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 0 });
  return printed(await host.artifact(job.jobId, 'logs.txt'));
}

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    'a.txt': 'one\n',
    'src/b.txt': 'two\n',
    'src/deep/c.txt': 'three\n',
    'run.sh': '#!/bin/sh\n',
    '.gitignore': '*.log\n/out/\n',
  });
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache'), concurrency: 1 });
  untouched = photographRepository(repository);
  sees = await look();
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

/** What a case must come to, and that it left nothing: not to the user, not to the next job, and no process. */
async function expectEnd(spec: JobSpec, expected: object): Promise<string> {
  const { jobId } = await host.run(spec);
  expect(await look()).toBe(sees);
  // Looked at only now: what a job left that was stopped comes a moment after its end.
  const job = await host.view(jobId);
  expect(job).toMatchObject(expected);
  expect(photographRepository(repository)).toEqual(untouched);
  expect(await marked(jobId)).toEqual([]);
  expect(job.artifacts.map((artifact) => artifact.name)).toContain('logs.txt');
  const patch = job.artifacts.some((artifact) => artifact.name === 'patch.diff');
  return patch ? (await host.artifact(job.jobId, 'patch.diff')).toString('latin1') : '';
}

async function marked(jobId: JobId): Promise<readonly number[]> {
  return (await procfs.marked(`${host.host.places.recordId}/${jobId}`)).map((row) => row.pid);
}

const failed = (reasonCode: string, message: RegExp): object => ({
  state: 'FAILED',
  reasonCode,
  message: expect.stringMatching(message) as unknown,
});

describe('a command that fails', () => {
  it('exits 1', () => expectEnd(command('echo why >&2; exit 1'), failed('EXECUTOR_ERROR', /exit code 1.*why/)));
  it('is not found', () => expectEnd(command('no-such-program'), failed('EXECUTOR_ERROR', /not found.*install it/)));
  it('kills itself', () => expectEnd(command('kill -9 $$'), failed('EXECUTOR_ERROR', /SIGKILL/)));
  it('changes nothing', () => expectEnd(command('true'), failed('BAD_ARTIFACTS', /changed nothing.*allowEmpty/)));
  it('leaves changes, and fails all the same', () =>
    expectEnd(command('echo x >> a.txt; echo y > new.txt; exit 3'), failed('EXECUTOR_ERROR', /exit code 3/)));
});

describe('a command that never ends', () => {
  it('is ended at its time limit', async () => {
    const spec = command('trap "" TERM; echo x > a.txt; sleep 1000', { execution: { timeoutS: 1 } });
    await expectEnd(spec, failed('TIMEOUT', /1 s.*timeoutS/));
  });

  it('is ended at its time to live', async () => {
    await expectEnd(command('sleep 1000', { execution: { ttlS: 1 } }), { state: 'EXPIRED' });
  });

  it('is ended by a cancel, with all that it started', async () => {
    const submitted = await host.submit(command('sleep 1000 & setsid sleep 1000 & echo started; wait'));
    if (!submitted.ok) throw new Error(submitted.error.message);
    const { jobId } = submitted.value;
    await host.running(jobId);
    await host.logged(jobId, 'started');
    expect((await marked(jobId)).length).toBeGreaterThan(1);
    expect(await host.relay.cancel({ jobId, origin: 'cli' })).toEqual({
      ok: true,
      value: { ok: true, state: 'CANCELED' },
    });
    expect(await look()).toBe(sees);
    expect(await marked(jobId)).toEqual([]);
    expect(await host.view(jobId)).toMatchObject({ state: 'CANCELED', artifacts: [{ name: 'logs.txt' }] });
    expect(await host.relay.cancel({ jobId, origin: 'cli' })).toEqual({
      ok: true,
      value: { ok: false, state: 'CANCELED' },
    });
  });

  it('leaves a child in a session of its own that outlives it', async () => {
    const line = 'setsid sh -c "sleep 1000" > /dev/null 2>&1 < /dev/null & echo x > a.txt';
    await expectEnd(command(line), { state: 'SUCCEEDED', fileCount: 1 });
  });

  it('leaves a child that goes on writing', async () => {
    const line = 'setsid sh -c "while :; do date > a.txt; date > late.txt; done" > /dev/null 2>&1 & echo x > a.txt';
    await expectEnd(command(line), { state: 'SUCCEEDED' });
  });
});

describe('a command that floods', () => {
  it('prints 1 GB of lines, in bounded memory and log', async () => {
    const before = process.memoryUsage.rss();
    const job = await host.run(
      command('yes 0123456789012345678901234567890123456789 | head -c 1000000000; echo x > a.txt'),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
    const log = job.artifacts.find((artifact) => artifact.name === 'logs.txt');
    expect(log?.bytes).toBeLessThan(20 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 1024 * 1024);
  });

  it('prints 200 MB without a newline', async () => {
    const job = await host.run(command('head -c 200000000 /dev/zero >&2; exit 1'));
    expect(job).toMatchObject(failed('EXECUTOR_ERROR', /exit code 1/));
    expect(job.message?.length).toBeLessThan(3000);
  });
});

describe('a command that turns on its own working directory', () => {
  it('deletes it', () => expectEnd(command('rm -rf "$PWD"'), failed('BAD_ARTIFACTS', /deleted or replaced/)));

  it('deletes all that is in it', async () => {
    const patch = await expectEnd(command('rm -rf ./* .git .gitignore'), { state: 'SUCCEEDED', fileCount: 5 });
    expect(patch.match(/^deleted file/gm)).toHaveLength(5);
  });

  it('replaces it by a link to elsewhere', async () => {
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'a.txt'), 'precious\n');
    writeFileSync(join(elsewhere, 'kept.txt'), 'precious\n');
    const line = `d="$PWD"; cd /; rm -rf "$d"; ln -s ${elsewhere} "$d"`;
    await expectEnd(command(line), failed('BAD_ARTIFACTS', /deleted or replaced/));
    expect(readFileSync(join(elsewhere, 'a.txt'), 'utf8')).toBe('precious\n');
    expect(readFileSync(join(elsewhere, 'kept.txt'), 'utf8')).toBe('precious\n');
    expect(existsSync(join(elsewhere, 'src'))).toBe(false);
  });

  it('replaces a folder in it by a link to elsewhere', async () => {
    const elsewhere = join(directory, 'elsewhere2');
    mkdirSync(join(elsewhere, 'deep'), { recursive: true });
    writeFileSync(join(elsewhere, 'b.txt'), 'precious\n');
    writeFileSync(join(elsewhere, 'deep', 'c.txt'), 'precious\n');
    await expectEnd(command(`rm -rf src; ln -s ${elsewhere} src`), {
      state: 'FAILED',
      reasonCode: 'POLICY',
      fileCount: 3,
    });
    expect(readFileSync(join(elsewhere, 'b.txt'), 'utf8')).toBe('precious\n');
    expect(readFileSync(join(elsewhere, 'deep', 'c.txt'), 'utf8')).toBe('precious\n');
  });

  it('replaces it by a file', () =>
    expectEnd(command('d="$PWD"; cd /; rm -rf "$d"; echo x > "$d"'), failed('BAD_ARTIFACTS', /deleted or replaced/)));

  it('moves it away', () =>
    expectEnd(command('mv "$PWD" "$TMPDIR/away"'), failed('BAD_ARTIFACTS', /deleted or replaced/)));

  it('digs deeper than a path can be long', async () => {
    const name = 'd'.repeat(200);
    const line = `i=0; while [ $i -lt 40 ]; do mkdir ${name}; cd ${name}; i=$((i+1)); done; echo x > file`;
    const job = await host.run(command(line));
    expect(job.state).toMatch(/^(SUCCEEDED|FAILED)$/);
    expect(job.reasonCode ?? 'BAD_ARTIFACTS').toBe('BAD_ARTIFACTS');
    expect(await look()).toBe(sees);
  });
});

describe('a command that rewrites .git', () => {
  const cases: Readonly<Record<string, string>> = {
    'deletes it': 'rm -rf .git',
    'puts a file in its place': 'rm -rf .git; echo "gitdir: /nonexistent" > .git',
    'puts a link in its place': 'rm -rf .git; ln -s / .git',
    'puts a fifo in its place': 'rm -rf .git; mkfifo .git',
    'sets fsmonitor and hooks': `git config core.fsmonitor "touch $PWD/../monitored; false"; git config core.hooksPath "$PWD/.git/hooks"; mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch hooked\\n' | tee .git/hooks/pre-commit > .git/hooks/post-index-change; chmod +x .git/hooks/*`,
    'sets a filter': `git config filter.evil.clean "sed s/x/evil/"; git config filter.evil.smudge "sed s/x/evil/"; mkdir -p .git/info; echo '* filter=evil' > .git/info/attributes`,
    'excludes what it made': 'mkdir -p .git/info; echo "*" > .git/info/exclude',
    'locks the index': 'touch .git/index.lock .git/HEAD.lock .git/config.lock',
    'breaks the index': 'echo broken > .git/index',
    'hides a change': 'git update-index --assume-unchanged a.txt; git update-index --skip-worktree src/b.txt',
    'moves refs':
      'git commit --quiet --allow-empty -m x --author "a <a@b>" || true; git update-ref refs/heads/evil HEAD; git symbolic-ref HEAD refs/heads/evil',
    'points to other objects': 'echo /nonexistent > .git/objects/info/alternates',
    'sets autocrlf': 'git config core.autocrlf true; git config core.fileMode false; git config core.symlinks false',
    'sets a work tree': 'git config core.worktree /; git config core.bare true',
    'stages and commits':
      'export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b; echo y > y.txt; git add -A; git commit -qm y; rm y.txt',
    stashes: 'git stash || true',
  };

  it.each(Object.entries(cases))('%s', async (_name, line) => {
    const patch = await expectEnd(command(`${line}\necho x > a.txt; echo new > new.txt`), {
      state: 'SUCCEEDED',
      files: [
        { path: 'a.txt', kind: 'modified' },
        { path: 'new.txt', kind: 'added' },
      ],
    });
    expect(patch).toContain('\n-one\n+x\n');
    expect(patch).toContain('\n+new\n');
  });
});

describe('what a patch cannot carry', () => {
  it('is a fifo', () => expectEnd(command('mkfifo "a pipe"'), failed('BAD_ARTIFACTS', /"a pipe" \(a fifo/)));
  it('is a fifo in place of a file', () =>
    expectEnd(command('rm a.txt; mkfifo a.txt'), failed('BAD_ARTIFACTS', /"a.txt" \(a fifo/)));
  it('is a socket', () => {
    const listen = `${process.execPath} -e "require('net').createServer().listen('s.sock', () => process.exit())"`;
    const make = `python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('s.sock')"`;
    return expectEnd(command(`${make} || ${listen}`), failed('BAD_ARTIFACTS', /"s.sock" \(a fifo, socket/));
  });
  it('is a repository in it', () =>
    expectEnd(command('git init -q sub; echo x > sub/f'), failed('BAD_ARTIFACTS', /"sub" \(a repository of its own/)));
  it('is a repository with a commit in it', () =>
    expectEnd(
      command(
        'git init -q src/sub; cd src/sub; echo x > f; git add f; git -c user.name=a -c user.email=b commit -qm x',
      ),
      failed('BAD_ARTIFACTS', /"src\/sub" \(a repository of its own/),
    ));
  it('is a bare repository in it, which is files and nothing else', () =>
    expectEnd(command('git init -q --bare --template= bare.git'), { state: 'SUCCEEDED' }));
  it('is a linked worktree in it', () =>
    expectEnd(command('git worktree add -q wt HEAD'), failed('BAD_ARTIFACTS', /"wt" \(a repository of its own/)));
  it.each(['git~1', '.git ', '.GIT', '.git::$INDEX_ALLOCATION'])(
    'is a name that is dangerous elsewhere: %s',
    async (name) => {
      const refused = failed('BAD_ARTIFACTS', /invalid path|a repository of its own/);
      await expectEnd(command(`mkdir x; echo x > 'x/${name}'`), refused);
    },
  );
  it('is a link in place of what git reads', () =>
    expectEnd(command('ln -s a.txt .gitmodules'), failed('BAD_ARTIFACTS', /invalid path '\.gitmodules'/)));
  it('is told by more than a name where there are many', () =>
    expectEnd(command('for i in $(seq 30); do mkfifo p$i; done'), failed('BAD_ARTIFACTS', /"p1"/)));
});

describe('what is ignored', () => {
  it('may be a fifo or a repository', () =>
    expectEnd(command('mkdir out; mkfifo out/p x.log; git init -q out/sub; echo x > a.txt'), {
      state: 'SUCCEEDED',
      fileCount: 1,
    }));

  it('is left out, and told', async () => {
    const job = await host.run(command('echo x > x.log; mkdir out; echo y > out/y; echo z > a.txt'));
    expect(job).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'a.txt' }] });
    expect(job.checks.find((check) => check.name === 'bundle')?.detail).toMatch(/left out: out\/, x.log/);
  });

  it('can be changed by the command itself', async () => {
    const patch = await expectEnd(command('echo "new*" >> .gitignore; echo x > new.txt; echo y > kept.txt'), {
      state: 'SUCCEEDED',
      files: [
        { path: '.gitignore', kind: 'modified' },
        { path: 'kept.txt', kind: 'added' },
      ],
    });
    expect(patch).not.toContain('new.txt');
  });

  it('keeps a tracked file that a new pattern names', () =>
    expectEnd(command('echo "a.txt" >> .gitignore; echo x > a.txt'), { state: 'SUCCEEDED', fileCount: 2 }));

  it('is not ignored any more', () =>
    expectEnd(command('echo > .gitignore; echo x > x.log; mkdir out; echo y > out/y'), {
      state: 'SUCCEEDED',
      fileCount: 3,
    }));
});

describe('what a command does to files that no patch shows', () => {
  it('sets odd permissions', () =>
    expectEnd(command('chmod 600 a.txt; chmod 4755 run.sh; chmod 400 src; chmod 500 src/deep; echo x > b'), {
      state: 'SUCCEEDED',
      fileCount: 2,
    }));
  it('takes permissions away', () =>
    expectEnd(command('chmod 000 a.txt src/deep src .; echo x > b'), { state: 'SUCCEEDED', fileCount: 1 }));
  it('links files to each other', () =>
    expectEnd(command('printf "one\\n" > src/b.txt; rm a.txt; ln src/b.txt a.txt; ln a.txt third'), {
      state: 'SUCCEEDED',
      fileCount: 2,
    }));
  it('links a file to elsewhere', () =>
    expectEnd(command('sleep 1; cp a.txt $HOME/kept; rm a.txt; ln $HOME/kept a.txt; echo x > b'), {
      state: 'SUCCEEDED',
      fileCount: 1,
    }));
  it('writes the same content again', () =>
    expectEnd(
      command('cp a.txt b; mv b a.txt; touch -d 2001-01-01 src/b.txt'),
      failed('BAD_ARTIFACTS', /changed nothing/),
    ));
  it('leaves empty folders', () =>
    expectEnd(command('mkdir -p e/f/g src/h; echo x > a.txt'), { state: 'SUCCEEDED', fileCount: 1 }));
});

it('has let the user keep a repository that git finds whole', () => {
  const { status, fsck } = gitsView(repository);
  expect(status).toBe('');
  expect(fsck).toBe('');
  expect(git(repository, 'log', '--oneline', '--all').split('\n')).toHaveLength(1);
});
