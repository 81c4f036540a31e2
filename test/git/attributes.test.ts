import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  gitWith,
  makeRepository,
  photographFiles,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
  type Files,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let number = 0;
let repository: string;
let host: TestHost;

beforeAll(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
});
afterAll(() => removeDirectory(directory));

/** A repository, as the user's own configuration checks it out, and a host on it. */
async function opened(files: Files, config: Readonly<Record<string, string>> = {}): Promise<void> {
  number += 1;
  repository = makeRepository(join(directory, `repo${String(number)}`), files);
  for (const [name, value] of Object.entries(config)) git(repository, 'config', name, value);
  git(repository, 'rm', '-rq', '--cached', '.');
  git(repository, 'reset', '-q', '--hard');
  expect(git(repository, 'status', '--porcelain')).toBe('');
  host = await openTestHost({ directory: repository, cache: join(directory, `cache${String(number)}`) });
}

/** Applies, lets a look be taken, and undoes to the byte. */
async function thereAndBack(job: JobView, look: () => void): Promise<void> {
  expect(job).toMatchObject({ state: 'SUCCEEDED' });
  const before = photographRepository(repository);
  must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
  look();
  must(await host.relay.undo({ jobId: job.jobId, origin: 'cli' }));
  expect(photographRepository(repository)).toEqual(before);
}

const bytesOf = (path: string): string => readFileSync(join(repository, path), 'latin1');

describe('line endings', () => {
  it('are kept in a tree that core.autocrlf made', async () => {
    await opened({ 'a.txt': 'one\ntwo\n', 'bytes.bin': Buffer.from([0, 10, 13, 10]) }, { 'core.autocrlf': 'true' });
    expect(bytesOf('a.txt')).toBe('one\r\ntwo\r\n');
    const job = await host.run(command('sed -i s/two/2/ a.txt; echo new > new.txt; printf "\\000\\n" > bytes.bin'));
    expect(await host.artifact(job.jobId, 'patch.diff').then(String)).not.toContain('\r');
    await thereAndBack(job, () => {
      expect(bytesOf('a.txt')).toBe('one\r\n2\r\n');
      expect(bytesOf('new.txt')).toBe('new\r\n');
      expect(bytesOf('bytes.bin')).toBe('\0\n');
      expect(git(repository, 'diff', '--stat')).not.toContain('warning');
    });
  });

  it('are as .gitattributes says, in the slot and in the tree', async () => {
    await opened({
      '.gitattributes': '*.bat text eol=crlf\n*.sh text eol=lf\n',
      'a.bat': 'one\ntwo\n',
      'a.sh': 'one\n',
      'deep/.gitattributes': '*.txt text eol=crlf\n',
      'deep/down/a.txt': 'one\n',
    });
    const job = await host.run(
      command(
        `test "$(cat a.bat | wc -c)" = 10 || exit 9; sed -i 's/two/2/' a.bat; echo more >> a.sh; printf 'one\\r\\nmore\\r\\n' > deep/down/a.txt; printf 'x\\r\\n' > new.bat`,
      ),
    );
    await thereAndBack(job, () => {
      expect(bytesOf('a.bat')).toBe('one\r\n2\r\n');
      expect(bytesOf('a.sh')).toBe('one\nmore\n');
      expect(bytesOf('deep/down/a.txt')).toBe('one\r\nmore\r\n');
      expect(bytesOf('new.bat')).toBe('x\r\n');
      expect(git(repository, 'status', '--porcelain').split('\n')).toHaveLength(4);
    });
  });

  it('of a file that has CRLF in the repository stay', async () => {
    await opened({ 'a.txt': 'one\r\ntwo\r\n' });
    const job = await host.run(command(`printf 'three\\r\\n' >> a.txt`));
    await thereAndBack(job, () => expect(bytesOf('a.txt')).toBe('one\r\ntwo\r\nthree\r\n'));
  });

  it('that the job changes by .gitattributes are carried', async () => {
    await opened({ 'a.txt': 'one\r\ntwo\r\n' });
    const job = await host.run(command(`echo '*.txt text' > .gitattributes; printf 'one\\ntwo\\n' > a.txt`));
    await thereAndBack(job, () => expect(bytesOf('a.txt')).toBe('one\ntwo\n'));
  });
});

describe('encodings', () => {
  it('of the working tree are kept', async () => {
    const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
    await opened({ '.gitattributes': '*.u16 text working-tree-encoding=UTF-16LE-BOM\n', 'a.u16': utf16('one\ntwo\n') });
    const job = await host.run(command(`printf 't\\000h\\000\\n\\000' >> a.u16`));
    expect((await host.artifact(job.jobId, 'patch.diff')).toString()).toContain('\n+th\n');
    await thereAndBack(job, () => expect(readFileSync(join(repository, 'a.u16'))).toEqual(utf16('one\ntwo\nth\n')));
  });
});

describe('filters', () => {
  const withFilter = {
    '.gitattributes': '*.rot filter=rot13\n',
    'a.rot': 'hello\n',
    'b.txt': 'b\n',
  };
  const driver = { 'filter.rot13.clean': "tr 'a-z' 'n-za-m'", 'filter.rot13.smudge': "tr 'a-z' 'n-za-m'" };

  it('without a driver here: a changed or an added file is refused by name', async () => {
    await opened(withFilter, driver);
    for (const [run, path] of [
      ['echo x >> a.rot', 'a.rot'],
      ['echo x > new.rot', 'new.rot'],
      ['echo "*.txt filter=other" >> .gitattributes; echo x >> b.txt', 'b.txt'],
      ['echo x > "$(printf "bad\\377.rot")"', 'bad'],
    ] as const) {
      expect(await host.run(command(run))).toMatchObject({
        state: 'FAILED',
        reasonCode: 'BAD_ARTIFACTS',
        message: expect.stringMatching(new RegExp(`${path}.*filter=`)) as unknown,
      });
    }
  });

  it('that name a file in bytes are found', async () => {
    await opened({ 'b.txt': 'b\n' });
    writeFileSync(
      Buffer.concat([Buffer.from(`${repository}/.gitattributes`)]),
      Buffer.from('bad\xff filter=x\n', 'latin1'),
    );
    commit(repository);
    expect(await host.run(command('echo x > "$(printf "bad\\377")"'))).toMatchObject({
      state: 'FAILED',
      message: expect.stringMatching(/filter=x/) as unknown,
    });
  });

  it('hinder no other file, and no deletion', async () => {
    await opened(withFilter, driver);
    git(repository, 'add', '--renormalize', '.');
    commit(repository);
    const job = await host.run(command('rm a.rot; echo x >> b.txt'));
    await thereAndBack(job, () => expect(git(repository, 'status', '--porcelain')).toBe(' D a.rot\n M b.txt'));
  });

  it('that a job itself brings have no driver', async () => {
    await opened({ 'b.txt': 'b\n' });
    const run =
      'git config filter.evil.clean "touch hooked; cat"; echo "* filter=evil" > .gitattributes; echo x >> b.txt';
    expect(await host.run(command(run))).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
  });
});

describe("the user's configuration", () => {
  it('of apply and diff changes no result', async () => {
    await opened(
      { 'a.txt': 'one\n  two\nthree\n' },
      {
        'apply.whitespace': 'error',
        'apply.ignoreWhitespace': 'change',
        'diff.noprefix': 'true',
        'core.fileMode': 'false',
        'core.quotePath': 'false',
      },
    );
    const job = await host.run(command('printf "trailing  \\n" >> a.txt; chmod +x a.txt; echo x > "ü"'));
    await thereAndBack(job, () => {
      expect(bytesOf('a.txt')).toBe('one\n  two\nthree\ntrailing  \n');
      expect(photographFiles(repository)['a.txt']).toMatch(/^file 755/);
    });
    writeFileSync(join(repository, 'a.txt'), 'one\n\ttwo\nthree\n');
    chmodSync(join(repository, 'a.txt'), 0o644);
    commit(repository);
    // Merged, with the white space that HEAD has now: none of it is passed over.
    await thereAndBack(job, () => expect(bytesOf('a.txt')).toBe('one\n\ttwo\nthree\ntrailing  \n'));
    writeFileSync(join(repository, 'a.txt'), 'one\n\ttwo\n  three\n');
    commit(repository);
    expect(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false })).toMatchObject({
      ok: false,
      error: { kind: 'conflict' },
    });
  });

  it('of excludes changes no patch, and that of the repository neither', async () => {
    await opened({ 'a.txt': 'a\n' });
    write(repository, { '.git/info/exclude': '*.txt\n' });
    write(join(directory, `cache${String(number)}`, 'home'), {
      '.config/git/ignore': '*.txt\n',
      '.config/git/attributes': '* filter=x\n',
      '.gitconfig': '[core]\n\thooksPath = /nonexistent\n\tfsmonitor = touch /tmp/hooked\n',
    });
    expect(await host.run(command('echo x > new.txt'))).toMatchObject({
      state: 'SUCCEEDED',
      files: [{ path: 'new.txt' }],
    });
  });
});

describe('submodules', () => {
  async function withSubmodule(): Promise<string> {
    number += 1;
    const origin = makeRepository(join(directory, `origin${String(number)}`), { 'in.txt': 'in\n' });
    await opened({ 'a.txt': 'a\n' });
    await host.close();
    git(repository, 'submodule', '--quiet', 'add', origin, 'sub');
    commit(repository);
    host = await openTestHost({
      directory: repository,
      cache: join(directory, `cache${String(number)}`),
      concurrency: 1,
    });
    return origin;
  }

  it('are not moved by a task', async () => {
    const origin = await withSubmodule();
    write(origin, { 'in.txt': 'more\n' });
    const id = commit(origin);
    const moved = `echo x > a.txt; rm -rf sub; git -c protocol.file.allow=always clone -q ${origin} sub; git -C sub checkout -q ${id}`;
    const policy = {
      state: 'FAILED',
      reasonCode: 'POLICY',
      message: expect.stringMatching(/submodule "sub"/) as unknown,
    };
    expect(await host.run(command(moved))).toMatchObject(policy);
    expect(await host.run(command('rm -r sub .gitmodules'))).toMatchObject(policy);
    expect(await host.run(command('rm -r sub; echo x > sub'))).toMatchObject(policy);
  });

  it('that a task fills as they are do not hinder it', async () => {
    await withSubmodule();
    const run =
      'git -c protocol.file.allow=always submodule --quiet update --init; test -f sub/in.txt && echo x > a.txt';
    const job = await host.run(command(run));
    expect(job).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'a.txt' }] });
    expect(job.checks.find((check) => check.name === 'bundle')?.detail).toMatch(/left out: sub\//);
    expect(await host.run(command('test ! -e sub/in.txt && echo x > a.txt'))).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('refuse files that git would pass over, and keep none for the next', async () => {
    await withSubmodule();
    for (const run of ['echo x > sub/lost.txt; echo x > a.txt', 'rm .gitmodules; echo x > sub/lost.txt']) {
      expect(await host.run(command(run))).toMatchObject({
        state: 'FAILED',
        reasonCode: 'BAD_ARTIFACTS',
        message: expect.stringMatching(/"sub" \(files in the folder of a submodule/) as unknown,
      });
      expect(await host.run(command('test -z "$(ls -A sub)" && echo x > a.txt'))).toMatchObject({ state: 'SUCCEEDED' });
    }
  });

  it('that a task adds are refused as what they are', async () => {
    const origin = await withSubmodule();
    const run = `git -c protocol.file.allow=always submodule --quiet add ${origin} another`;
    expect(await host.run(command(run))).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
  });
});

describe('odd repositories', () => {
  it('with a file that git replaces by another', async () => {
    await opened({ 'a.txt': 'a\n' });
    const other = gitWith(repository, ['hash-object', '-w', '--stdin'], { input: Buffer.from('replaced\n') })
      .toString()
      .trim();
    git(repository, 'replace', git(repository, 'rev-parse', 'HEAD:a.txt'), other);
    expect(await host.run(command('test "$(cat a.txt)" = a && echo b >> a.txt'))).toMatchObject({ state: 'SUCCEEDED' });
  });
});
