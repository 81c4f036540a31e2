import { chmodSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../fixtures/testHost.ts';
import { DeliveryBed, lines } from './deliveryBed.ts';

let bed: DeliveryBed;
let head: string;

beforeAll(async () => {
  bed = new DeliveryBed({ 'a.txt': lines(), 'b.txt': 'b\n', 'folder/c.txt': 'c\n', 'place.txt': 'place\n' });
  head = bed.git('rev-parse', 'HEAD');
  await bed.open();
});
afterEach(() => {
  bed.git('reset', '-q', '--hard', head);
  bed.git('clean', '-q', '-ffdx');
});
afterAll(() => bed.close());

/** Three hunks of a.txt, each another length; b.txt gone, new.txt new. */
const CHANGE =
  'sed -i "2s/.*/two\\ntwo and a half/; 15s/.*/fifteen/; 29d" a.txt; rm b.txt; mkdir -p x/y; echo n > x/y/new.txt';

describe('a part of a patch', () => {
  it('is listed with its hunks, and of which files there are none', async () => {
    const { jobId } = await bed.made(CHANGE);
    const { files } = must(await bed.host.relay.hunks({ jobId }));
    expect(files.map(({ path, whole, hunks }) => [path, whole, hunks.map((one) => one.number)])).toEqual([
      ['a.txt', false, [1, 2, 3]],
      ['b.txt', true, []],
      ['x/y/new.txt', true, []],
    ]);
    expect(files[0]?.hunks[0]).toEqual({
      number: 1,
      header: '@@ -1,5 +1,6 @@',
      added: 2,
      deleted: 1,
      preview: ['-line 2', '+two', '+two and a half'],
    });
  });

  it('is written alone, and then more of it, and one undo takes all back', async () => {
    const { jobId } = await bed.made(CHANGE);
    const [before, inGit] = [bed.files(), bed.inGit()];
    expect(await bed.looked(jobId, { chosen: [{ path: 'a.txt', hunks: [3] }] })).toEqual(['clean a.txt']);
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [3] }] }));
    expect(bed.read('a.txt')).toBe(lines().replace('line 29\n', ''));
    expect(await bed.host.view(jobId)).toMatchObject({ delivery: 'applied', partial: true });
    const listed = must(await bed.host.relay.hunks({ jobId }));
    expect(listed.files[0]?.hunks.map(({ applied }) => applied)).toEqual([undefined, undefined, true]);
    expect(listed.files.map(({ applied }) => applied)).toEqual([undefined, undefined, undefined]);
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }, { path: 'b.txt' }] }));
    expect(bed.read('a.txt')).toBe(lines({ 2: 'two\ntwo and a half' }).replace('line 29\n', ''));
    expect(Object.keys(bed.files())).toEqual(['a.txt', 'folder', 'folder/c.txt', 'place.txt']);
    const all = must(await bed.apply(jobId));
    expect(all.files.map(({ path }) => path)).toEqual(['a.txt', 'x/y/new.txt']);
    expect(bed.read('a.txt')).toBe(lines({ 2: 'two\ntwo and a half', 15: 'fifteen' }).replace('line 29\n', ''));
    expect(await bed.host.view(jobId)).toMatchObject({ delivery: 'applied' });
    expect((await bed.host.view(jobId)).partial).toBeUndefined();
    await bed.refused(() => bed.apply(jobId), 'illegal', /applied already/);
    must(await bed.undo(jobId));
    expect(bed.files()).toEqual(before);
    expect(bed.inGit()).toEqual(inGit);
    expect((await bed.host.view(jobId)).partial).toBeUndefined();
  });

  it('comes to the same in whichever order, and is the whole in the end', async () => {
    const whole = await bed.made(CHANGE);
    must(await bed.apply(whole.jobId));
    const expected = bed.files();
    must(await bed.undo(whole.jobId));
    for (const order of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const { jobId } = await bed.made(CHANGE);
      for (const hunk of order) must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [hunk] }] }));
      must(await bed.apply(jobId, { chosen: [{ path: 'b.txt' }, { path: 'x/y/new.txt' }] }));
      expect(bed.files(), String(order)).toEqual(expected);
      expect((await bed.host.view(jobId)).partial).toBeUndefined();
      must(await bed.undo(jobId));
    }
  });

  it('is refused by name where the patch has no such file or hunk, or has it applied', async () => {
    const { jobId } = await bed.made(CHANGE);
    await bed.refused(() => bed.apply(jobId, { chosen: [{ path: 'absent' }] }), 'invalid', /no file "absent".*hunks/);
    await bed.refused(() => bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [4] }] }), 'invalid', /no hunk 4/);
    await bed.refused(() => bed.apply(jobId, { chosen: [{ path: 'b.txt', hunks: [1] }] }), 'invalid', /whole only/);
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] }));
    const again = () => bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] });
    await bed.refused(again, 'illegal', /applied already/);
    must(await bed.undo(jobId));
  });

  it('blocks, by name, where the user has changed since what is to be written again, and nowhere else', async () => {
    const { jobId } = await bed.made(CHANGE);
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }, { path: 'x/y/new.txt' }] }));
    bed.write({ 'a.txt': `mine\n${bed.read('a.txt')}`, 'x/y/new.txt': 'mine\n' });
    const more = () => bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }] });
    await bed.refused(more, 'blocked', /"a\.txt" \(you have changed it since a part of the patch was applied/);
    expect(must(await bed.apply(jobId, { chosen: [{ path: 'b.txt' }] })).written).toBe(true);
    expect(bed.read('x/y/new.txt')).toBe('mine\n');
    await bed.refused(() => bed.undo(jobId), 'blocked', /Changed since.*a\.txt.*x\/y\/new\.txt/);
  });

  it('goes on after the user has committed the first part', async () => {
    const { jobId } = await bed.made(CHANGE);
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [1] }] }));
    bed.commit();
    expect(await bed.looked(jobId, { chosen: [{ path: 'a.txt', hunks: [3] }] })).toEqual(['merged a.txt']);
    must(await bed.apply(jobId));
    expect(bed.read('a.txt')).toBe(lines({ 2: 'two\ntwo and a half', 15: 'fifteen' }).replace('line 29\n', ''));
    must(await bed.undo(jobId));
    expect(bed.read('a.txt')).toBe(lines());
  });

  it('may put a file where an earlier part took one away', async () => {
    const { jobId } = await bed.made('rm place.txt; mkdir place.txt; echo in > place.txt/in.txt');
    const before = bed.files();
    const early = () => bed.apply(jobId, { chosen: [{ path: 'place.txt/in.txt' }] });
    await bed.refused(early, 'blocked', /"place\.txt\/in\.txt" \("place\.txt" is no folder/);
    must(await bed.apply(jobId, { chosen: [{ path: 'place.txt' }] }));
    must(await bed.apply(jobId));
    expect(bed.read('place.txt/in.txt')).toBe('in\n');
    must(await bed.undo(jobId));
    expect(bed.files()).toEqual(before);
  });

  it('keeps permissions and folders as they were before all of it', async () => {
    chmodSync(bed.at('a.txt'), 0o640);
    chmodSync(bed.at('folder'), 0o711);
    const { jobId } = await bed.made(`${CHANGE}; chmod +x a.txt; rm -r folder`);
    const before = bed.files();
    must(await bed.apply(jobId, { chosen: [{ path: 'a.txt', hunks: [2] }] }));
    expect(bed.files()['a.txt']).toMatch(/^file 640 /);
    must(await bed.apply(jobId, { chosen: [{ path: 'folder/c.txt' }] }));
    must(await bed.apply(jobId));
    expect(bed.files()['a.txt']).toMatch(/^file 750 /);
    must(await bed.undo(jobId));
    expect(bed.files()).toEqual(before);
  });
});

describe('the user’s editor', () => {
  it('blocks with unsaved changes in what is to be written, and in nothing else', async () => {
    const { jobId } = await bed.made(CHANGE);
    const unsaved = ['a.txt', 'folder/c.txt'];
    await bed.refused(() => bed.apply(jobId, { unsaved }), 'blocked', /"a\.txt" \(you have unsaved changes here/);
    const told = await bed.looked(jobId, { unsaved });
    expect(told).toEqual(['blocked a.txt', 'clean b.txt', 'clean x/y/new.txt']);
    must(await bed.apply(jobId, { unsaved, chosen: [{ path: 'b.txt' }] }));
    must(await bed.apply(jobId));
    await bed.refused(() => bed.undo(jobId, unsaved), 'blocked', /Unsaved changes in an editor: a\.txt\. Save/);
    must(await bed.undo(jobId, ['folder/c.txt']));
  });

  it('may have undone a file already', async () => {
    const { jobId } = await bed.made(CHANGE);
    const before = bed.files();
    must(await bed.apply(jobId));
    bed.write({ 'a.txt': lines() });
    unlinkSync(join(bed.repository, 'x/y/new.txt'));
    must(await bed.undo(jobId, ['a.txt']));
    expect(bed.files()).toEqual(before);
  });
});
