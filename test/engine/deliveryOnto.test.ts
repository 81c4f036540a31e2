import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { must } from '../fixtures/testHost.ts';
import { DeliveryBed, lines } from './deliveryBed.ts';

let bed: DeliveryBed;
let head: string;

beforeAll(async () => {
  bed = new DeliveryBed({
    'a.txt': lines(),
    'b.txt': 'b\n',
    'src/c.txt': lines(),
    'bytes.bin': Buffer.from([0, 1, 2]),
    '.gitignore': '*.log\n',
  });
  head = bed.git('rev-parse', 'HEAD');
  await bed.open();
});
afterEach(() => {
  bed.git('reset', '-q', '--hard', head);
  bed.git('clean', '-q', '-ffdx');
});
afterAll(() => bed.close());

/** There, back to the byte, and git's own files as they were. */
async function thereAndBack(jobId: Parameters<DeliveryBed['apply']>[0], expected: () => void): Promise<void> {
  const [files, inGit] = [bed.files(), bed.inGit()];
  must(await bed.apply(jobId));
  expected();
  expect(bed.inGit()).toEqual(inGit);
  must(await bed.undo(jobId));
  expect(bed.files()).toEqual(files);
  expect(bed.inGit()).toEqual(inGit);
}

describe('onto a HEAD that moved', () => {
  it('is merged where both changed a file in other places, and says on what it was proven', async () => {
    const { jobId } = await bed.made('sed -i "25s/.*/theirs/" a.txt; echo x >> b.txt');
    bed.write({ 'a.txt': lines({ 3: 'mine\nand more' }) });
    bed.commit();
    expect(await bed.looked(jobId)).toEqual(['merged a.txt', 'clean b.txt']);
    const [a, b] = must(await bed.apply(jobId, { dryRun: true })).files;
    expect(a?.detail).toMatch(/proven on the baseline, not on HEAD/);
    expect(b?.detail).toBeUndefined();
    await thereAndBack(jobId, () => {
      expect(bed.read('a.txt')).toBe(lines({ 3: 'mine\nand more', 25: 'theirs' }));
      expect(bed.read('b.txt')).toBe('b\nx\n');
    });
  });

  it('is merged near the other change too, where the patch as it is would not apply', async () => {
    const { jobId } = await bed.made('sed -i "15s/.*/theirs/" a.txt');
    bed.write({ 'a.txt': lines({ 13: 'mine' }) });
    bed.commit();
    await thereAndBack(jobId, () => expect(bed.read('a.txt')).toBe(lines({ 13: 'mine', 15: 'theirs' })));
  });

  it('takes chosen hunks alone, and then more', async () => {
    const { jobId } = await bed.made('sed -i "5s/.*/five/; 25s/.*/twenty-five/" a.txt');
    bed.write({ 'a.txt': lines({ 15: 'mine' }) });
    bed.commit();
    const before = bed.files();
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }] }));
    expect(bed.read('a.txt')).toBe(lines({ 15: 'mine', 25: 'twenty-five' }));
    must(await bed.apply(jobId));
    expect(bed.read('a.txt')).toBe(lines({ 5: 'five', 15: 'mine', 25: 'twenty-five' }));
    must(await bed.undo(jobId));
    expect(bed.files()).toEqual(before);
  });

  it('conflicts, by name, where both changed the same line, and the rest has its word', async () => {
    const { jobId } = await bed.made('sed -i "5s/.*/theirs/" a.txt; sed -i "5s/.*/theirs/" src/c.txt; echo x >> b.txt');
    bed.write({ 'a.txt': lines({ 5: 'mine' }), 'src/c.txt': lines({ 20: 'mine' }) });
    bed.commit();
    expect(await bed.looked(jobId)).toEqual(['conflict a.txt', 'clean b.txt', 'merged src/c.txt']);
    await bed.refused(() => bed.apply(jobId), 'conflict', /"a\.txt" \(HEAD and the patch have both changed it/);
    must(await bed.apply(jobId, { chosen: [{ path: 'b.txt' }, { path: 'src/c.txt' }] }));
    expect(bed.read('src/c.txt')).toBe(lines({ 5: 'theirs', 20: 'mine' }));
    must(await bed.undo(jobId));
  });

  it('contains what HEAD has already, and writes nothing of it', async () => {
    const { jobId } = await bed.made(
      'sed -i "5s/.*/same/" a.txt; echo new > new.txt; unlink b.txt; chmod +x src/c.txt',
    );
    bed.write({ 'a.txt': lines({ 5: 'same' }), 'new.txt': 'new\n' });
    unlinkSync(bed.at('b.txt'));
    bed.commit();
    expect(await bed.looked(jobId)).toEqual([
      'contained a.txt',
      'contained b.txt',
      'contained new.txt',
      'clean src/c.txt',
    ]);
    await thereAndBack(jobId, () => expect(bed.files()['src/c.txt']).toMatch(/^file 755 /));
    chmodSync(bed.at('src/c.txt'), 0o755);
    bed.commit();
    const files = bed.files();
    expect(must(await bed.apply(jobId))).toMatchObject({ written: false });
    expect(bed.files()).toEqual(files);
    expect((await bed.host.view(jobId)).delivery).toBe('undone');
  });

  it('follows a file that HEAD calls otherwise, and names the one that is written', async () => {
    const { jobId } = await bed.made('sed -i "5s/.*/theirs/" a.txt');
    mkdirSync(bed.at('moved'));
    renameSync(bed.at('a.txt'), bed.at('moved/z.txt'));
    bed.commit();
    expect(await bed.looked(jobId)).toEqual(['merged moved/z.txt']);
    const [file] = must(await bed.apply(jobId, { dryRun: true })).files;
    expect(file?.detail).toMatch(/"a\.txt" of the patch, renamed since/);
    await thereAndBack(jobId, () => expect(bed.read('moved/z.txt')).toBe(lines({ 5: 'theirs' })));
    writeFileSync(bed.at('moved/z.txt'), 'mine\n');
    await bed.refused(() => bed.apply(jobId), 'blocked', /"moved\/z\.txt" \(you have uncommitted changes/);
  });

  it('conflicts where HEAD removed a file, changed bytes, or has something else in a place', async () => {
    const { jobId } = await bed.made(
      'echo x >> a.txt; printf "\\000theirs" > bytes.bin; echo new > new.txt; echo z > dir',
    );
    unlinkSync(bed.at('a.txt'));
    bed.write({ 'bytes.bin': Buffer.from([0, 9]), 'new.txt': 'mine\n', 'dir/in.txt': 'mine\n' });
    bed.commit();
    const told = await bed.looked(jobId);
    expect(told).toEqual(expect.arrayContaining(['conflict a.txt', 'conflict bytes.bin', 'conflict new.txt']));
    await bed.refused(() => bed.apply(jobId), 'conflict', /"a\.txt"/);
  });

  it('needs no merge where HEAD changed other files only', async () => {
    const { jobId } = await bed.made('sed -i "5s/.*/theirs/" a.txt');
    bed.write({ 'b.txt': 'mine\n', 'more/files.txt': 'x\n' });
    bed.commit();
    expect(await bed.looked(jobId)).toEqual(['clean a.txt']);
    await thereAndBack(jobId, () => expect(bed.read('a.txt')).toBe(lines({ 5: 'theirs' })));
  });

  it('keeps line endings as the user has them', async () => {
    bed.git('config', 'core.autocrlf', 'true');
    try {
      const { jobId } = await bed.made('sed -i "25s/.*/theirs/" a.txt');
      bed.write({ 'a.txt': lines({ 3: 'mine' }).replaceAll('\n', '\r\n') });
      bed.commit();
      await thereAndBack(jobId, () =>
        expect(bed.read('a.txt')).toBe(lines({ 3: 'mine', 25: 'theirs' }).replaceAll('\n', '\r\n')),
      );
    } finally {
      bed.git('config', '--unset', 'core.autocrlf');
    }
  });

  it('works where nothing is kept of the mirror, and leaves nothing in it', async () => {
    const { jobId } = await bed.made('sed -i "25s/.*/theirs/" a.txt');
    bed.write({ 'a.txt': lines({ 3: 'mine' }) });
    bed.commit();
    rmSync(bed.host.host.places.work, { recursive: true });
    mkdirSync(join(bed.host.host.places.work, 'tmp'), { recursive: true });
    writeFileSync(join(bed.host.host.places.work, 'gitconfig'), '');
    must(await bed.apply(jobId));
    expect(bed.read('a.txt')).toBe(lines({ 3: 'mine', 25: 'theirs' }));
    must(await bed.undo(jobId));
  });
});

describe('a dirty file', () => {
  it('blocks, but not where it is what the patch makes already', async () => {
    const { jobId } = await bed.made(
      'sed -i "5s/.*/theirs/; 25s/.*/too/" a.txt; echo x >> b.txt; echo new > new.txt; ln -s b.txt link; rm bytes.bin',
    );
    bed.write({ 'a.txt': lines({ 5: 'theirs', 25: 'too' }), 'b.txt': 'mine\n', 'new.txt': 'new\n' });
    symlinkSync('b.txt', bed.at('link'));
    unlinkSync(bed.at('bytes.bin'));
    bed.git('add', 'new.txt');
    const contained = ['contained bytes.bin', 'contained link', 'contained new.txt'];
    expect(await bed.looked(jobId)).toEqual(['contained a.txt', 'blocked b.txt', ...contained]);
    await bed.refused(() => bed.apply(jobId), 'blocked', /"b\.txt" \(you have uncommitted changes/);
    bed.git('checkout', '-q', 'b.txt');
    await thereAndBack(jobId, () => expect(bed.read('b.txt')).toBe('b\nx\n'));
  });

  it('is what chosen hunks make already, or it blocks', async () => {
    const { jobId } = await bed.made('sed -i "5s/.*/theirs/; 25s/.*/too/" a.txt');
    bed.write({ 'a.txt': lines({ 25: 'too' }) });
    expect(await bed.looked(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }] })).toEqual(['contained a.txt']);
    expect(await bed.looked(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] })).toEqual(['blocked a.txt']);
    expect(await bed.looked(jobId)).toEqual(['blocked a.txt']);
    const done = must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }] }));
    expect(done.written).toBe(false);
    expect((await bed.host.view(jobId)).delivery).toBe('none');
  });

  it('is compared as git keeps it', async () => {
    bed.git('config', 'core.autocrlf', 'true');
    try {
      const { jobId } = await bed.made('sed -i "25s/.*/theirs/" a.txt');
      bed.write({ 'a.txt': lines({ 25: 'theirs' }).replaceAll('\n', '\r\n') });
      expect(await bed.looked(jobId)).toEqual(['contained a.txt']);
    } finally {
      bed.git('config', '--unset', 'core.autocrlf');
    }
  });

  it('that git ignores is in the way, or is what the patch makes', async () => {
    const { jobId } = await bed.made('echo > .gitignore; echo x > new.log');
    bed.write({ 'new.log': 'x\n' });
    expect(await bed.looked(jobId)).toEqual(['clean .gitignore', 'contained new.log']);
    bed.write({ 'new.log': 'mine\n' });
    await bed.refused(() => bed.apply(jobId), 'conflict', /"new\.log" \(a file that git ignores is there/);
  });
});

describe('a baseline that the repository does not have', () => {
  it('is delivered from the mirror, clean and merged', async () => {
    const upstream = join(bed.directory, 'upstream');
    bed.git('clone', '-q', bed.repository, upstream);
    writeFileSync(join(upstream, 'b.txt'), 'upstream\n');
    bed.git('-C', upstream, 'commit', '-qam', 'upstream');
    const baselineCommit = ObjectId.parse(bed.git('-C', upstream, 'rev-parse', 'HEAD'));
    const repo = { type: 'git', url: `file://${upstream}`, baseBranch: 'main', baselineCommit } as const;
    const { jobId } = await bed.made('sed -i "25s/.*/theirs/" a.txt', { repo });
    expect(await bed.looked(jobId)).toEqual(['clean a.txt']);
    bed.write({ 'a.txt': lines({ 3: 'mine' }) });
    bed.commit();
    expect(await bed.looked(jobId)).toEqual(['merged a.txt']);
    await thereAndBack(jobId, () => expect(bed.read('a.txt')).toBe(lines({ 3: 'mine', 25: 'theirs' })));
    const other = await bed.made('echo more >> b.txt', { repo });
    await bed.refused(() => bed.apply(other.jobId), 'conflict', /"b\.txt"/);
  });

  it('lets a file that is dirty as that baseline has it be written', async () => {
    const upstream = join(bed.directory, 'dirty upstream');
    bed.git('clone', '-q', bed.repository, upstream);
    writeFileSync(join(upstream, 'a.txt'), lines({ 3: 'uncommitted' }));
    writeFileSync(join(upstream, 'new.txt'), lines());
    bed.git('-C', upstream, 'add', '-A');
    bed.git('-C', upstream, 'commit', '-qm', 'as it is');
    const baselineCommit = ObjectId.parse(bed.git('-C', upstream, 'rev-parse', 'HEAD'));
    const repo = { type: 'git', url: `file://${upstream}`, baseBranch: 'main', baselineCommit } as const;
    const run = 'sed -i "4s/.*/theirs/" a.txt; echo x >> new.txt; sed -i "25s/.*/theirs/" src/c.txt';
    const { jobId } = await bed.made(run, { repo });
    bed.write({ 'a.txt': lines({ 3: 'uncommitted' }), 'new.txt': lines() });
    expect(await bed.looked(jobId)).toEqual(['clean a.txt', 'clean new.txt', 'clean src/c.txt']);
    await thereAndBack(jobId, () => {
      expect(bed.read('a.txt')).toBe(lines({ 3: 'uncommitted', 4: 'theirs' }));
      expect(bed.read('new.txt')).toBe(`${lines()}x\n`);
    });
    bed.write({ 'a.txt': lines({ 3: 'more' }) });
    expect(await bed.looked(jobId)).toEqual(['blocked a.txt', 'clean new.txt', 'clean src/c.txt']);
    bed.write({ 'a.txt': lines({ 3: 'uncommitted' }), 'src/c.txt': lines({ 3: 'mine' }) });
    bed.git('commit', '-qm', 'c', 'src/c.txt');
    expect(await bed.looked(jobId)).toEqual(['clean a.txt', 'clean new.txt', 'merged src/c.txt']);
    await thereAndBack(jobId, () => {
      expect(bed.read('a.txt')).toBe(lines({ 3: 'uncommitted', 4: 'theirs' }));
      expect(bed.read('src/c.txt')).toBe(lines({ 3: 'mine', 25: 'theirs' }));
    });
  });
});

it('says of a submodule that is moved what to do, and delivers the rest', async () => {
  const first = head;
  const sub = join(bed.directory, 'sub');
  bed.git('clone', '-q', bed.repository, sub);
  bed.git('submodule', '--quiet', 'add', sub, 'module');
  head = bed.commit();
  try {
    const identity = '-c user.name=A -c user.email=a@example.org';
    const run = `echo x >> b.txt; cd module && git init -q && git ${identity} commit -q --allow-empty -m next`;
    const { jobId } = await bed.made(run, { scope: { allowProtected: ['module'] } });
    expect(await bed.looked(jobId)).toEqual(['clean b.txt', 'blocked module']);
    await bed.refused(
      () => bed.apply(jobId),
      'blocked',
      /"module" \(the patch moves this submodule to [0-9a-f]{40}.*checkout/,
    );
    must(await bed.apply(jobId, { chosen: [{ path: 'b.txt' }] }));
    expect(bed.read('b.txt')).toBe('b\nx\n');
    must(await bed.undo(jobId));
  } finally {
    bed.git('submodule', '--quiet', 'deinit', '-f', 'module');
    rmSync(bed.at('.git/modules'), { recursive: true });
    head = first;
  }
});

it('says of a git that cannot merge which one can, and delivers the rest', async () => {
  const old = new DeliveryBed({ 'a.txt': lines(), 'b.txt': 'b\n' }, { PATH: oldGit() });
  await old.open();
  try {
    const { jobId } = await old.made('sed -i "25s/.*/theirs/" a.txt; echo x >> b.txt');
    old.write({ 'a.txt': lines({ 3: 'mine' }) });
    old.commit();
    expect(await old.looked(jobId)).toEqual(['conflict a.txt', 'clean b.txt']);
    await old.refused(() => old.apply(jobId), 'conflict', /"a\.txt" \(This git cannot merge.*2\.39/);
    must(await old.apply(jobId, { chosen: [{ path: 'b.txt' }] }));
    expect(old.read('b.txt')).toBe('b\nx\n');
  } finally {
    await old.close();
  }
});

/** A PATH whose git is the real one, but knows no merge of trees, as one before 2.38 says it. */
function oldGit(): string {
  const folder = join(bed.directory, 'old git');
  mkdirSync(folder);
  const real = execFileSync('/bin/sh', ['-c', 'command -v git']).toString().trim();
  const refusal = 'echo "usage: git merge-tree <base-tree> <branch1> <branch2>" >&2; exit 129';
  const script = `#!/bin/sh\nif [ "$1" = merge-tree ]; then ${refusal}; fi\nexec ${real} "$@"\n`;
  writeFileSync(join(folder, 'git'), script, { mode: 0o755 });
  return `${folder}:${process.env['PATH'] ?? ''}`;
}
