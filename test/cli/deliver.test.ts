import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { photographFiles } from '../fixtures/repository.ts';
import { Bed } from './bed.ts';

const text = Array.from({ length: 30 }, (_, index) => `line ${String(index + 1)}\n`).join('');
const CHANGE = 'sed -i "2s/.*/two/; 28s/.*/more/" a.txt; echo n > new.txt; echo x > a:1';

it('lists hunks, applies chosen ones, then all, and takes all back', async () => {
  const bed = new Bed({ 'a.txt': text });
  await bed.serve();
  const before = photographFiles(bed.repo);
  const { jobId } = await bed.job('--run', CHANGE);
  const listed = await bed.run(['hunks', jobId]);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toBe(
    [
      'a.txt',
      '    1  @@ -1,5 +1,5 @@  +1 -1  -line 2',
      '    2  @@ -25,6 +25,6 @@ line 24  +1 -1  -line 28',
      'a:1  (whole file only)',
      'new.txt  (whole file only)',
      '',
    ].join('\n'),
  );
  expect(JSON.parse((await bed.run(['hunks', jobId, '--json'])).stdout)).toMatchObject({
    files: [{ path: 'a.txt', hunks: [{ number: 1 }, { number: 2, preview: ['-line 28', '+more'] }] }, {}, {}],
  });

  const looked = await bed.run(['apply', jobId, '--only', 'a.txt:2', '--only', 'a:1:', '--check']);
  expect(looked).toMatchObject({ code: 0, stdout: 'clean    a.txt\nclean    a:1\n', stderr: '' });
  expect((await bed.run(['apply', jobId, '--only', 'a.txt:2'])).code).toBe(0);
  expect(readFileSync(join(bed.repo, 'a.txt'), 'utf8')).toBe(text.replace('line 28', 'more'));
  expect(JSON.parse((await bed.run(['show', jobId, '--json'])).stdout)).toMatchObject({ partial: true });
  expect((await bed.run(['show', jobId])).stdout).toMatch(/delivery {2}applied in part\n/);
  const rest = await bed.run(['apply', jobId]);
  expect(rest).toMatchObject({ code: 0, stderr: '' });
  expect(rest.stdout).toMatch(/^clean {4}a\.txt\nclean {4}a:1\nclean {4}new\.txt\nApplied\./);
  expect((await bed.run(['undo', jobId])).code).toBe(0);
  expect(photographFiles(bed.repo)).toEqual(before);
});

it('says that nothing was written where all of it is there', async () => {
  const bed = new Bed({ 'a.txt': text });
  const { jobId } = await bed.job('--run', 'echo n > new.txt');
  writeFileSync(join(bed.repo, 'new.txt'), 'n\n');
  expect(await bed.run(['apply', jobId])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^contained new\.txt: .*\nNothing was written: all of it is there already\.\n$/,
    ) as unknown,
    stderr: '',
  });
});

it('refuses a choice that the patch does not have, or that is none', async () => {
  const bed = new Bed({ 'a.txt': text });
  const { jobId } = await bed.job('--run', CHANGE);
  for (const [only, told] of [
    ['b.txt', /The patch has no file "b\.txt"\. "task-relay hunks \w+" lists them\./],
    ['a.txt:3', /"a\.txt" has 2 hunks in the patch, and no hunk 3\./],
    ['new.txt:1', /"new\.txt" can be taken whole only: it is new\./],
    ['a.txt:0', /--only takes PATH or PATH:1,3/],
    ['', /--only takes PATH or PATH:1,3/],
  ] as const) {
    const done = await bed.run(['apply', jobId, '--only', only]);
    expect(done, only).toMatchObject({ code: 2, stdout: '' });
    expect(done.stderr, only).toMatch(told);
  }
});
