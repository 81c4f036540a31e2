import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { must } from '../fixtures/testHost.ts';
import { DeliveryBed, lines } from './deliveryBed.ts';

let bed: DeliveryBed;
beforeEach(async () => {
  bed = new DeliveryBed({ 'a.txt': lines(), 'z.txt': 'z\n' });
  await bed.open();
});
afterEach(() => bed.close());

/** Does something as soon as there is reason to, while something else goes on. */
async function meanwhile<T>(going: Promise<T>, isTime: () => boolean, act: () => void): Promise<T> {
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    if (isTime()) act();
    else setImmediate(look);
  };
  look();
  return going.finally(() => {
    isOver = true;
  });
}

it('leaves what was saved while the file in its place was being written', async () => {
  const { jobId } = await bed.made('echo x >> z.txt');
  let saved = false;
  const applied = await meanwhile(
    bed.apply(jobId),
    () => existsSync(bed.at(`.relay-${jobId}`)),
    () => {
      writeFileSync(bed.at('z.txt'), 'MINE\n');
      saved = true;
    },
  );
  expect(saved).toBe(true);
  expect(applied).toMatchObject({ ok: false, error: { kind: 'blocked' } });
  expect(applied.ok ? '' : applied.error.message).toMatch(/"z\.txt" changed meanwhile/);
  expect(bed.read('z.txt')).toBe('MINE\n');
  expect(existsSync(bed.at(`.relay-${jobId}`))).toBe(false);
});

it('takes back the other files where one was saved while the patch was written', async () => {
  const { jobId } = await bed.made('echo x >> a.txt; rm z.txt; echo n > n.txt');
  const applied = await meanwhile(
    bed.apply(jobId),
    () => !existsSync(bed.at('z.txt')),
    () => writeFileSync(bed.at('n.txt'), 'MINE\n'),
  );
  expect(applied.ok).toBe(false);
  expect(bed.read('a.txt')).toBe(lines());
  expect(bed.read('z.txt')).toBe('z\n');
  expect(bed.read('n.txt')).toBe('MINE\n');
  expect((await bed.host.view(jobId)).delivery).toBe('undone');
});

it('leaves what was saved while an undo brought the file back', async () => {
  const { jobId } = await bed.made('echo x >> a.txt; echo x >> z.txt');
  must(await bed.apply(jobId));
  const undone = await meanwhile(
    bed.undo(jobId),
    () => existsSync(bed.at(`.relay-${jobId}`)),
    () => writeFileSync(bed.at('z.txt'), 'MINE\n'),
  );
  expect(bed.read('a.txt')).toBe(lines());
  expect(bed.read('z.txt')).toBe('MINE\n');
  expect(must(undone)).toMatchObject({
    files: [{ path: 'a.txt' }],
    message: expect.stringMatching(/z\.txt/) as unknown,
  });
});

it('can be undone again where the record did not give the contents', async () => {
  const { jobId } = await bed.made('echo x >> a.txt; rm z.txt; echo n > n.txt');
  must(await bed.apply(jobId));
  // The one file of the record that has what was there before.
  const vault = join(bed.host.host.places.record, 'vault');
  const pack = readdirSync(vault, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .find((path) => readFileSync(path, 'utf8') === `${lines()}z\n`);
  if (pack === undefined) throw new Error('no pack');
  renameSync(pack, `${vault}.away`);
  const failed = await bed.undo(jobId);
  expect(failed).toMatchObject({ ok: false, error: { kind: 'io' } });
  expect(failed.ok ? '' : failed.error.message).toMatch(/z\.txt.*undo again/);
  expect((await bed.host.view(jobId)).delivery).toBe('undoing');
  await bed.host.close();
  await bed.open();
  expect((await bed.host.view(jobId)).delivery).toBe('undoing');
  renameSync(`${vault}.away`, pack);
  must(await bed.undo(jobId));
  expect((await bed.host.view(jobId)).delivery).toBe('undone');
  expect([bed.read('a.txt'), bed.read('z.txt'), existsSync(bed.at('n.txt'))]).toEqual([lines(), 'z\n', false]);
});
