import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { must } from '../fixtures/testHost.ts';
import { DeliveryBed, lines } from './deliveryBed.ts';

let bed: DeliveryBed;

const BLOCK = 'begin\n  one\n  two\n  three\n  four\n  five\n  six\nend\n';
const FOOT = Array.from({ length: 12 }, (_, at) => `foot ${String(at)}\n`).join('');
const TOP = Array.from({ length: 8 }, (_, at) => `mine ${String(at)}\n`).join('');
/** The same eight lines again and again: a hunk fits in many places. */
const BLOCKS = BLOCK.repeat(20) + FOOT;

beforeEach(async () => {
  bed = new DeliveryBed({ 'a.txt': lines(), 'blocks.txt': BLOCKS, 's.sh': 'echo 1\n' });
  await bed.open();
});
afterEach(() => bed.close());

it('refuses what would land elsewhere than where it was proven, though git takes the file to be as HEAD has it', async () => {
  const { jobId } = await bed.made('sed -i "76s/.*/  CHANGED/" blocks.txt');
  bed.git('update-index', '--skip-worktree', 'blocks.txt');
  bed.write({ 'blocks.txt': TOP + BLOCKS });
  await bed.refused(() => bed.apply(jobId), 'blocked', /"blocks\.txt" \(you have uncommitted changes/);
});

it('refuses more of a patch where a commit between two parts would make lines double', async () => {
  // 5 and 11 are one hunk, 25 another.
  const { jobId } = await bed.made('sed -i "5s/.*/five/; 11s/.*/eleven/; 25s/.*/t5/" a.txt');
  must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] }));
  const kept = bed.read('a.txt');
  bed.write({ 'a.txt': lines({ 5: 'five' }) });
  bed.git('commit', '-qam', 'five');
  bed.write({ 'a.txt': kept });
  await bed.refused(() => bed.apply(jobId), 'conflict', /"a\.txt" \(/);
  expect(must(await bed.undo(jobId)).written).toBe(true);
});

it('compares line endings as git keeps them, and no file with a filter program', async () => {
  bed.git('config', 'core.autocrlf', 'true');
  // What it cleans is never what it smudged.
  bed.git('config', 'filter.turning.clean', 'sed s/2/3/');
  bed.git('config', 'filter.turning.smudge', 'sed s/2/4/');
  const { jobId } = await bed.made('sed -i "5s/.*/five/" a.txt; echo echo 2 >> s.sh');
  bed.write({ '.git/info/attributes': 's.sh filter=turning eol=lf\n' });
  unlinkSync(bed.at('a.txt'));
  bed.git('checkout', '-q', 'a.txt');
  expect(must(await bed.apply(jobId)).written).toBe(true);
  expect(bed.read('a.txt')).toBe(lines({ 5: 'five' }).replaceAll('\n', '\r\n'));
  expect(bed.read('s.sh')).toBe('echo 1\necho 4\n');
});

it('writes a part onto uncommitted work, and then the rest where it was proven', async () => {
  bed.write({ 'blocks.txt': TOP + BLOCKS, 'new.txt': lines() });
  const { jobId } = await bed.made(
    'sed -i "84s/.*/  CHANGED/; 179s/.*/FOOT/" blocks.txt; sed -i "5s/.*/five/; 25s/.*/t5/" new.txt',
    { repo: { type: 'workspace', include: 'uncommitted' } },
  );
  const before = bed.files();
  const chosen = [
    { path: 'blocks.txt', hunks: [2] },
    { path: 'new.txt', hunks: [1] },
  ];
  must(await bed.apply(jobId, { chosen }));
  must(await bed.apply(jobId));
  const wanted = (TOP + BLOCKS).split('\n');
  wanted.splice(83, 1, '  CHANGED');
  wanted.splice(178, 1, 'FOOT');
  expect(bed.read('blocks.txt').split('\n')).toEqual(wanted);
  expect(bed.read('new.txt')).toBe(lines({ 5: 'five', 25: 't5' }));
  must(await bed.undo(jobId));
  expect(bed.files()).toEqual(before);
});

it('keeps the executable bit where git does not look at it', async () => {
  bed.git('config', 'core.fileMode', 'false');
  chmodSync(bed.at('s.sh'), 0o755);
  bed.git('update-index', '--chmod=+x', 's.sh');
  bed.commit();
  const { jobId } = await bed.made('echo echo 2 >> s.sh');
  must(await bed.apply(jobId));
  expect(statSync(bed.at('s.sh')).mode & 0o777).toBe(0o755);
});

it('takes changes for uncommitted that git is told to overlook', async () => {
  const { jobId } = await bed.made('sed -i "5s/.*/theirs/" a.txt; echo echo 2 >> s.sh; sed -i 1s/.*/first/ blocks.txt');
  bed.git('update-index', '--assume-unchanged', 'a.txt', 'blocks.txt');
  bed.git('update-index', '--skip-worktree', 's.sh');
  bed.write({ 'a.txt': lines({ 25: 'mine' }), 's.sh': 'echo 0\necho 1\n' });
  expect(await bed.looked(jobId)).toEqual(['blocked a.txt', 'clean blocks.txt', 'blocked s.sh']);
});

it('writes no more of a patch where the file of its first part is gone elsewhere', async () => {
  const { jobId } = await bed.made('sed -i "5s/.*/five/; 25s/.*/t5/" a.txt');
  must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] }));
  bed.git('mv', 'a.txt', 'moved.txt');
  bed.commit();
  await bed.refused(() => bed.apply(jobId), 'blocked', /"a\.txt" \(you have changed it since a part/);
});

it('writes nothing into a repository within the repository', async () => {
  const { jobId } = await bed.made('mkdir -p sub/deep; echo n > sub/deep/new.txt');
  mkdirSync(bed.at('sub'));
  execFileSync('git', ['init', '-q'], { cwd: bed.at('sub') });
  await bed.refused(() => bed.apply(jobId), 'blocked', /"sub\/deep\/new\.txt" \("sub" is a repository of its own/);
});

it('asks git for a name that ends in a carriage return', async () => {
  const { jobId } = await bed.made('printf x > "$(printf \'c\\r\')"');
  bed.write({ 'c\r': 'x' });
  expect(await bed.looked(jobId)).toEqual(['contained c\r']);
});
