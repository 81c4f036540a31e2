import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { Bed, lastJob, wait } from './bed.ts';

const sample = resolve(import.meta.dirname, '..', 'fixtures', 'sampleExecutor', 'extension.js');

it('serves with executors of plug-ins, CommonJS and ES modules alike', async () => {
  const bed = new Bed();
  const file = join(bed.root, 'mine.mjs');
  writeFileSync(
    file,
    `import { writeFile } from 'node:fs/promises';
export default { name: 'mine', run: async (task, { directory }) => {
  setTimeout(() => { throw new Error('a stray one'); });
  await writeFile(directory + '/made.txt', task.title);
} };`,
  );
  await bed.serve('--plugin', file, '--plugin', sample);
  expect(await bed.job('--executor', 'mine')).toMatchObject({ state: 'SUCCEEDED', fileCount: 1 });
  expect(await bed.job('--executor', 'mine', '--description', 'again')).toMatchObject({ state: 'SUCCEEDED' });
  const listed = await bed.run(['executors', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    executors: expect.arrayContaining([
      expect.objectContaining({ name: 'headline', state: 'ready', version: '1.0.0' }),
      expect.objectContaining({ name: 'mine', state: 'ready' }),
    ]) as unknown,
  });
  expect((await bed.run(['executors'])).stdout).toMatch(/^ready +headline 1\.0\.0$/m);
});

it('refuses by name what is no executor, and settings that are wrong', async () => {
  const bed = new Bed();
  const write = (name: string, text: string): string => {
    writeFileSync(join(bed.root, name), text);
    return join(bed.root, name);
  };
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['--plugin', write('none.mjs', 'export const x = 1;'), /none\.mjs is no executor: An executor is an object/],
    ['--plugin', write('taken.cjs', `module.exports = { name: 'codex', run() {} };`), /the relay's own/],
    ['--plugin', write('broken.mjs', 'export default {'), /broken\.mjs cannot be loaded/],
    ['--plugin', join(bed.root, 'nowhere.mjs'), /cannot be loaded/],
    ['--executors', write('bad.json', '{"codex": {"sandbox": "none"}, "x": 1}'), /codex\.sandbox: .*x: unknown field/],
    ['--executors', write('no.json', 'no'), /could not be read as JSON/],
  ];
  for (const [option, file, why] of refused) {
    expect(await bed.run(['serve', option, file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(why) as string,
    });
  }
});

it('shows a question and takes its answer', async () => {
  const bed = new Bed();
  await bed.serve('--plugin', sample);
  const submitted = await bed.run(['submit', '--title', 'Hello', '--executor', 'headline', '--json']);
  const { jobId } = lastJob(submitted);
  await wait('the question', async () => (await bed.run(['answer', jobId])).code === 0);
  const shown = await bed.run(['answer', jobId]);
  expect(shown.stdout).toMatch(/^Which style\?\n\nanswer: plain \| loud\nwithout one, at .*: plain\n$/);
  expect(await bed.run(['answer', jobId, 'wild'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('plain, loud') as string,
  });
  expect(await bed.run(['answer', jobId, 'loud'])).toMatchObject({ code: 0, stdout: `${jobId}  RUNNING\n` });
  await wait('the end', async () => (await bed.run(['show', jobId])).stdout.includes('SUCCEEDED'));
  expect((await bed.run(['artifact', jobId, 'patch.diff'])).stdout).toContain('+# HELLO');
  expect(await bed.run(['answer', jobId, 'loud'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('asks nothing') as string,
  });
});
