import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  commit,
  git,
  makeRepository,
  photograph,
  photographFiles,
  removeDirectory,
  temporaryDirectory,
  type Photograph,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let repository: string;
let host: TestHost;
let head: string;

beforeAll(async () => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), {
    'a.txt': lines(30),
    'b.txt': 'b\n',
    'empty.txt': '',
    'bytes.bin': Buffer.from([0, 1, 2, 255, 254, 0, 10]),
    'no-newline.txt': 'no newline',
    'run.sh': '#!/bin/sh\n',
    'src/c.txt': 'c\n',
    'src/deep/d.txt': 'd\n',
    'lonely/only.txt': 'only\n',
    '.gitignore': '*.log\n',
  });
  symlinkSync('a.txt', join(repository, 'link'));
  symlinkSync('src', join(repository, 'folder-link'));
  chmodSync(join(repository, 'run.sh'), 0o755);
  head = commit(repository);
  host = await openTestHost({ directory: repository, cache: join(directory, 'cache') });
});

afterEach(() => {
  git(repository, 'reset', '-q', '--hard', head);
  git(repository, 'clean', '-q', '-ffdx');
});

afterAll(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${String(index + 1)}\n`).join('');
}

function at(path: string): string {
  return join(repository, path);
}

async function made(run: string): Promise<JobView> {
  const job = await host.run(command(run));
  expect(job).toMatchObject({ state: 'SUCCEEDED' });
  return job;
}

const apply = (jobId: JobId, dryRun = false) => host.relay.apply({ jobId, origin: 'cli', dryRun });
const undo = (jobId: JobId) => host.relay.undo({ jobId, origin: 'cli' });

/** Of git's own files, what a delivery must leave alone: everything. */
const photographGit = (): Photograph => photograph(at('.git'), (path) => path === 'task-relay');

/** The job's patch, applied: the tree is what the command itself would make of it. Then back, to the byte. */
async function expectThereAndBack(run: string): Promise<void> {
  const job = await made(run);
  const [files, inGit] = [photographFiles(repository), photographGit()];
  expect(must(await apply(job.jobId, true))).toMatchObject({ written: false });
  expect(photographFiles(repository)).toEqual(files);
  expect(must(await apply(job.jobId))).toMatchObject({ written: true });
  expect(photographFiles(repository)).toEqual(await madeByHand(run));
  expect(photographGit()).toEqual(inGit);
  must(await undo(job.jobId));
  expect(photographFiles(repository)).toEqual(files);
  expect(photographGit()).toEqual(inGit);
}

async function madeByHand(run: string): Promise<Photograph> {
  const clone = join(directory, 'by hand');
  git(directory, 'clone', '-q', repository, clone);
  const { execFileSync } = await import('node:child_process');
  execFileSync('/bin/sh', ['-c', run], { cwd: clone });
  const files = photographFiles(clone);
  removeDirectory(clone);
  return files;
}

describe('applies and undoes to the byte', () => {
  it.each([
    ['a changed line', 'sed -i "s/line 7/changed/" a.txt'],
    ['an added file', 'echo new > new.txt'],
    ['an added file in new folders', 'mkdir -p x/y/z; echo new > x/y/z/new.txt'],
    ['a deleted file', 'rm a.txt'],
    ['the last file of a folder', 'rm -r lonely'],
    ['the last file of a folder, and another in its place', 'rm lonely/only.txt; echo x > lonely/other.txt'],
    ['an empty file', 'rm empty.txt; : > another.txt'],
    ['a file that becomes empty', ': > a.txt'],
    ['a missing newline', 'printf "still none" > no-newline.txt; printf "none either" > b.txt'],
    [
      'bytes',
      'printf "\\000\\001\\377\\376" > bytes.bin; head -c 100000 /dev/urandom > /dev/null; printf "\\000x" > b.txt',
    ],
    ['an executable bit', 'chmod +x b.txt; chmod -x run.sh'],
    ['a new executable', 'echo "#!/bin/sh" > new.sh; chmod +x new.sh'],
    ['a changed and executable file', 'echo more >> b.txt; chmod +x b.txt'],
    ['a link', 'ln -s b.txt new-link; ln -sf b.txt link; rm folder-link'],
    ['a link to nowhere', 'ln -s src/nowhere dangling'],
    ['a file that becomes a link', 'rm a.txt; ln -s b.txt a.txt'],
    ['a link that becomes a file', 'rm link; echo file > link'],
    ['a file that becomes a folder', 'rm b.txt; mkdir b.txt; echo x > b.txt/x; echo y > b.txt/y'],
    ['a folder that becomes a file', 'rm -r src; echo x > src'],
    ['a folder that becomes a link', 'rm -r src; ln -s lonely src'],
    ['a link that becomes a folder', 'rm folder-link; mkdir folder-link; echo x > folder-link/c.txt'],
    ['a link to a folder that becomes that folder', 'rm folder-link; cp -r src folder-link'],
    ['a moved file', 'mv a.txt src/moved.txt'],
    ['two files that change places', 'mv a.txt t; mv b.txt a.txt; mv t b.txt'],
    ['a folder that moves down', 'mv src s; mkdir src; mv s src/src'],
    [
      'everything at once',
      'rm -r src lonely b.txt; echo x > src; mkdir b.txt; echo y > b.txt/y; chmod +x a.txt; : > bytes.bin',
    ],
    ['a name with a space and quotes', `echo x > "it's \\"quoted\\" \\\\ back"`],
    [
      'a name with a newline and a tab',
      'touch "$(printf "two\\nlines\\tand a tab")"; echo x > "$(printf "two\\nlines\\tand a tab")"',
    ],
    ['a name with an emoji', 'echo x > "🦊 naïve"; mkdir "路"; echo y > "路/径"'],
    [
      'a name that is no UTF-8',
      'echo x > "$(printf "bad\\377\\376")"; mkdir "$(printf "d\\200")"; echo y > "$(printf "d\\200/e\\201")"',
    ],
    ['a name with a dash, a colon, a star', 'echo x > ./-n; echo y > a:b; echo z > "*"; echo q > "?[a]"'],
    ['a name that looks like a patch', 'echo x > "b => c"; mkdir "a b"; echo y > "a b/c b"; echo z > "diff --git a b"'],
    ['a name with a space at its end', 'echo x > "end "; echo y > " start"'],
    [
      'a line that looks like a patch',
      'printf "diff --git a/x b/x\\n@@ -1 +1 @@\\n-x\\n+y\\n--- \\n\\\\\\\\ No newline\\n" >> a.txt',
    ],
    ['a line with a carriage return', 'printf "one\\r\\ntwo\\r\\n" > crlf.txt; printf "a\\rb\\n" >> a.txt'],
    ['a line at the end that is white', 'printf "trailing   \\n\\n\\n\\t\\n" >> a.txt'],
  ])('%s', (_name, run) => expectThereAndBack(run));

  it('names that are no UTF-8, or hold a newline, changed and deleted', async () => {
    const names = ['two\nlines', 'bad\xff\xfe', 'q"uote', ' '].map((name) =>
      Buffer.from(`${repository}/${name}`, 'latin1'),
    );
    for (const name of names) writeFileSync(name, 'one\n');
    const before = head;
    head = commit(repository);
    try {
      await expectThereAndBack('for f in *lines bad* q*; do echo more >> "$f"; done; rm " "');
      await expectThereAndBack('rm *lines bad* q* " "');
    } finally {
      head = before;
    }
  });
});

describe('keeps what git does not know', () => {
  it('permissions of files', async () => {
    chmodSync(at('a.txt'), 0o640);
    chmodSync(at('b.txt'), 0o600);
    chmodSync(at('run.sh'), 0o750);
    const job = await made('echo x >> a.txt; chmod +x b.txt; chmod -x run.sh');
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    const modes = ['a.txt', 'b.txt', 'run.sh'].map((path) => (lstatSync(at(path)).mode & 0o777).toString(8));
    expect(modes).toEqual(['640', '700', '640']);
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it('permissions of folders that go and come back', async () => {
    chmodSync(at('lonely'), 0o700);
    chmodSync(at('src'), 0o750);
    chmodSync(at('src/deep'), 0o2755);
    const job = await made('rm -r lonely src; echo x > src');
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    expect(existsSync(at('lonely'))).toBe(false);
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it('permissions of a folder that is emptied and filled', async () => {
    chmodSync(at('lonely'), 0o700);
    const job = await made('mv lonely/only.txt lonely/other.txt');
    must(await apply(job.jobId));
    expect(photographFiles(repository)['lonely']).toBe('folder 700');
  });

  it('empty folders', async () => {
    const job = await made('mkdir -p new/folder; echo x > new/folder/x; echo y > as-file');
    mkdirSync(at('new'));
    mkdirSync(at('new/folder'), { mode: 0o700 });
    mkdirSync(at('as-file'), { mode: 0o711 });
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    expect(photographFiles(repository)['as-file']).toMatch(/^file/);
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it('what a link leads to that is replaced', async () => {
    const job = await made('ln -sfT a.txt folder-link');
    rmSync(at('src/deep/d.txt'));
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    expect(photographFiles(repository)).toEqual({ ...before, 'folder-link': 'link a.txt' });
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it('files that it does not touch, in folders that it does', async () => {
    const job = await made('rm -r lonely');
    writeFileSync(at('lonely/mine.log'), 'mine');
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    expect(readFileSync(at('lonely/mine.log'), 'utf8')).toBe('mine');
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });
});

describe('goes only one way at a time', () => {
  it('is not applied twice, nor undone twice, but again after an undo', async () => {
    const job = await made('echo x >> a.txt');
    expect(await undo(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'illegal', message: expect.stringMatching(/has not been applied/) as unknown },
    });
    must(await apply(job.jobId));
    expect(await apply(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'illegal', message: expect.stringMatching(/applied already.*[uU]ndo/) as unknown },
    });
    expect(await apply(job.jobId, true)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
    must(await undo(job.jobId));
    expect(await undo(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'illegal', message: expect.stringMatching(/undone already/) as unknown },
    });
    must(await apply(job.jobId));
    expect(await host.view(job.jobId)).toMatchObject({ delivery: 'applied' });
    must(await undo(job.jobId));
  });

  it('is applied once by two who ask at once, and undone once', async () => {
    const job = await made('echo x >> a.txt; echo y > y');
    const applied = await Promise.all([apply(job.jobId), apply(job.jobId), apply(job.jobId)]);
    expect(applied.map((one) => (one.ok ? 'ok' : one.error.kind)).sort()).toEqual(['illegal', 'illegal', 'ok']);
    const undone = await Promise.all([undo(job.jobId), undo(job.jobId)]);
    expect(undone.map((one) => (one.ok ? 'ok' : one.error.kind)).sort()).toEqual(['illegal', 'ok']);
  });

  it('takes a second job on top of the first only where they do not overlap', async () => {
    const [first, second, third] = [
      await made('echo x >> a.txt'),
      await made('echo y >> b.txt'),
      await made('echo z >> a.txt'),
    ];
    const before = photographFiles(repository);
    must(await apply(first.jobId));
    must(await apply(second.jobId));
    expect(await apply(third.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'blocked', message: expect.stringMatching(/a\.txt/) as unknown },
    });
    must(await undo(first.jobId));
    must(await undo(second.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it.each([
    ['FAILED', 'exit 1'],
    ['QUEUED or RUNNING', 'sleep 60'],
  ])('refuses a job that is %s', async (_state, run) => {
    const { jobId } = must(await host.submit(command(run)));
    if (run === 'exit 1') await host.ended(jobId);
    expect(await apply(jobId)).toMatchObject({
      ok: false,
      error: { kind: 'illegal', message: expect.stringMatching(/only a SUCCEEDED job/) as unknown },
    });
    await host.relay.cancel({ jobId, origin: 'cli' });
  });

  it('says of an empty patch that there is nothing', async () => {
    const job = await host.run(command('true', { allowEmpty: true }));
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 0 });
    expect(await apply(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'illegal', message: expect.stringMatching(/nothing.*no patch to apply/) as unknown },
    });
  });
});

describe("the user's own work", () => {
  /** Refused by name; what was there is there. */
  async function expectInTheWay(job: JobView, named: RegExp, kind = 'blocked'): Promise<void> {
    const [files, inGit] = [photographFiles(repository), photographGit()];
    expect(await apply(job.jobId)).toMatchObject({
      ok: false,
      error: { kind, message: expect.stringMatching(named) as unknown },
    });
    expect(photographFiles(repository)).toEqual(files);
    expect(photographGit()).toEqual(inGit);
    expect(await host.view(job.jobId)).toMatchObject({ delivery: 'none' });
  }

  it('blocks where it overlaps, unstaged', async () => {
    const job = await made('echo x >> a.txt; echo y > new.txt');
    writeFileSync(at('a.txt'), `mine\n${lines(30)}`);
    await expectInTheWay(job, /"a\.txt" \(you have uncommitted changes/);
    expect(existsSync(at('new.txt'))).toBe(false);
    expect(must(await apply(job.jobId, true)).files).toMatchObject([
      { path: 'a.txt', verdict: 'blocked' },
      { path: 'new.txt', verdict: 'clean' },
    ]);
  });

  it('blocks where it overlaps, staged', async () => {
    const job = await made('echo x >> a.txt');
    writeFileSync(at('a.txt'), `mine\n${lines(30)}`);
    git(repository, 'add', 'a.txt');
    await expectInTheWay(job, /"a\.txt"/);
  });

  it('blocks where a file was deleted', async () => {
    const job = await made('echo x >> a.txt');
    unlinkSync(at('a.txt'));
    await expectInTheWay(job, /"a\.txt"/);
  });

  it('blocks where a file is untracked', async () => {
    const job = await made('echo x > new.txt');
    writeFileSync(at('new.txt'), 'mine');
    await expectInTheWay(job, /"new\.txt"/);
  });

  it('blocks where a file is ignored', async () => {
    const job = await made('echo > .gitignore; echo x > new.log');
    writeFileSync(at('new.log'), 'mine');
    await expectInTheWay(job, /"new\.log"/, 'conflict');
  });

  it('blocks where a folder or a fifo stands', async () => {
    const job = await made('echo x > new.txt');
    mkdirSync(at('new.txt'));
    writeFileSync(at('new.txt/mine.log'), 'mine');
    await expectInTheWay(job, /"new\.txt".*mine\.log/);
  });

  it('blocks where a folder that becomes a file holds more', async () => {
    const job = await made('rm -r src; echo x > src');
    writeFileSync(at('src/deep/mine.log'), 'mine');
    await expectInTheWay(job, /"src".*src\/deep\/mine\.log/);
  });

  it('blocks where a folder is a link', async () => {
    const job = await made('echo x >> src/c.txt');
    const elsewhere = join(directory, 'elsewhere');
    renameSync(at('src'), elsewhere);
    symlinkSync(elsewhere, at('src'));
    await expectInTheWay(job, /"src\/c\.txt"/);
    expect(readFileSync(join(elsewhere, 'c.txt'), 'utf8')).toBe('c\n');
    unlinkSync(at('src'));
    rmSync(elsewhere, { recursive: true });
  });

  it('blocks where a new folder is a link', async () => {
    const job = await made('mkdir new; echo x > new/x');
    mkdirSync(join(directory, 'elsewhere'));
    symlinkSync(join(directory, 'elsewhere'), at('new'));
    await expectInTheWay(job, /"new\/x".*is no folder/);
    expect(existsSync(join(directory, 'elsewhere', 'x'))).toBe(false);
    rmSync(join(directory, 'elsewhere'), { recursive: true });
  });

  it('does not block where it does not overlap', async () => {
    const job = await made('echo x >> a.txt');
    writeFileSync(at('b.txt'), 'mine');
    writeFileSync(at('untracked.txt'), 'mine');
    writeFileSync(at('ignored.log'), 'mine');
    writeFileSync(at('src/c.txt'), 'staged');
    git(repository, 'add', 'src/c.txt');
    unlinkSync(at('run.sh'));
    const [files, inGit] = [photographFiles(repository), photographGit()];
    must(await apply(job.jobId));
    const after = photographFiles(repository);
    expect(Object.keys(after).filter((path) => after[path] !== files[path])).toEqual(['a.txt']);
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(files);
    expect(photographGit()).toEqual(inGit);
  });

  it('does not block where HEAD moved and the patch still fits', async () => {
    const job = await made('sed -i "s/line 25/changed/" a.txt');
    writeFileSync(at('a.txt'), `above\n${lines(30)}`);
    commit(repository);
    must(await apply(job.jobId));
    expect(readFileSync(at('a.txt'), 'utf8')).toBe(`above\n${lines(30).replace('line 25', 'changed')}`);
    must(await undo(job.jobId));
    expect(git(repository, 'status', '--porcelain')).toBe('');
  });

  it('conflicts where HEAD moved and the patch does not fit', async () => {
    const job = await made('sed -i "s/line 25/changed/" a.txt; echo x > new.txt');
    writeFileSync(at('a.txt'), lines(30).replace('line 25', 'mine'));
    commit(repository);
    await expectInTheWay(job, /"a\.txt".*patch/, 'conflict');
    expect(existsSync(at('new.txt'))).toBe(false);
  });

  it('conflicts where a file is gone from HEAD, or there already', async () => {
    const job = await made('echo x >> a.txt; echo new > new.txt');
    unlinkSync(at('a.txt'));
    writeFileSync(at('new.txt'), 'mine');
    commit(repository);
    await expectInTheWay(job, /"a\.txt".*"new\.txt"|"new\.txt"/, 'conflict');
  });
});

describe('an undo', () => {
  async function expectNotUndone(jobId: JobId, named: RegExp): Promise<void> {
    const files = photographFiles(repository);
    expect(await undo(jobId)).toMatchObject({
      ok: false,
      error: { kind: 'blocked', message: expect.stringMatching(named) as unknown },
    });
    expect(photographFiles(repository)).toEqual(files);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applied' });
  }

  it('is refused where the user went on with a file, and goes when they took it back', async () => {
    const job = await made('echo x >> a.txt; echo y > new.txt');
    const before = photographFiles(repository);
    must(await apply(job.jobId));
    const applied = readFileSync(at('a.txt'));
    writeFileSync(at('a.txt'), 'mine');
    await expectNotUndone(job.jobId, /Changed since.*a\.txt/);
    writeFileSync(at('a.txt'), applied);
    must(await undo(job.jobId));
    expect(photographFiles(repository)).toEqual(before);
  });

  it('is refused where a file was deleted, replaced, or got other permissions', async () => {
    const job = await made('echo x >> a.txt; echo y > new.txt; echo z >> run.sh');
    must(await apply(job.jobId));
    unlinkSync(at('a.txt'));
    await expectNotUndone(job.jobId, /a\.txt/);
    symlinkSync('b.txt', at('a.txt'));
    await expectNotUndone(job.jobId, /a\.txt/);
    unlinkSync(at('new.txt'));
    mkdirSync(at('new.txt'));
    await expectNotUndone(job.jobId, /a\.txt.*new\.txt/);
    chmodSync(at('run.sh'), 0o600);
    await expectNotUndone(job.jobId, /run\.sh/);
  });

  it('is refused where a deleted file is there again', async () => {
    const job = await made('rm a.txt');
    must(await apply(job.jobId));
    writeFileSync(at('a.txt'), 'mine');
    await expectNotUndone(job.jobId, /a\.txt/);
  });

  it('is refused where a folder that was a file holds more', async () => {
    const job = await made('rm b.txt; mkdir b.txt; echo x > b.txt/x');
    must(await apply(job.jobId));
    writeFileSync(at('b.txt/mine'), 'mine');
    await expectNotUndone(job.jobId, /b\.txt\/mine/);
    unlinkSync(at('b.txt/mine'));
    must(await undo(job.jobId));
  });

  it('is refused where a folder became a link to elsewhere', async () => {
    const job = await made('echo x >> src/c.txt; rm src/deep/d.txt');
    must(await apply(job.jobId));
    const elsewhere = join(directory, 'elsewhere');
    renameSync(at('src'), elsewhere);
    symlinkSync(elsewhere, at('src'));
    await expectNotUndone(job.jobId, /src\/c\.txt/);
    expect(existsSync(join(elsewhere, 'deep'))).toBe(false);
    unlinkSync(at('src'));
    rmSync(elsewhere, { recursive: true });
  });

  it('leaves new folders that the user put something into', async () => {
    const job = await made('mkdir -p new/deep; echo x > new/deep/x');
    must(await apply(job.jobId));
    writeFileSync(at('new/mine'), 'mine');
    must(await undo(job.jobId));
    expect(readFileSync(at('new/mine'), 'utf8')).toBe('mine');
    expect(existsSync(at('new/deep'))).toBe(false);
  });

  it('brings back after a commit of what was applied', async () => {
    const job = await made('echo x >> a.txt');
    must(await apply(job.jobId));
    commit(repository);
    must(await undo(job.jobId));
    expect(readFileSync(at('a.txt'), 'utf8')).toBe(lines(30));
  });

  it('brings back a link as a link', async () => {
    const job = await made('ln -sf b.txt link');
    must(await apply(job.jobId));
    expect(readlinkSync(at('link'))).toBe('b.txt');
    must(await undo(job.jobId));
    expect(readlinkSync(at('link'))).toBe('a.txt');
  });
});
