import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONGEST_FILE, SlotFiles } from '../../../src/executors/acp/slotFiles.ts';
import { slotPath } from '../../../src/executors/acp/slotPath.ts';
import { runTree } from '../../../src/process/runTree.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { env, freshMark, scratch } from '../../process/running.ts';
import { answers, go } from './bed.ts';

interface Ground {
  readonly slot: string;
  readonly outside: string;
  readonly files: SlotFiles;
}

/** A slot with a file, a git directory and links of all kinds; beside it what nobody may touch. */
async function lay(): Promise<Ground> {
  const root = await scratch();
  const [slot, outside] = [join(root, 'slot'), join(root, 'outside')];
  await mkdir(join(slot, '.git'), { recursive: true });
  await mkdir(join(slot, 'src'));
  await mkdir(outside);
  await writeFile(join(slot, '.git', 'config'), 'git\n');
  await writeFile(join(slot, 'greet.js'), 'one\r\ntwo\nthree');
  await writeFile(join(outside, 'secret'), 'secret\n');
  await symlink(outside, join(slot, 'out'));
  await symlink(join(outside, 'secret'), join(slot, 'leak'));
  await symlink(join(outside, 'new'), join(slot, 'dangling'));
  await symlink('src', join(slot, 'in'));
  await symlink('.git', join(slot, 'git-by-link'));
  await symlink('loop', join(slot, 'loop'));
  return { slot, outside, files: new SlotFiles(slot, { isReadOnly: false }) };
}

const escapes = [
  '../outside/secret',
  'src/../../outside/secret',
  'out/secret',
  'out/new/deep',
  'leak',
  'dangling',
  'in/../../outside/secret',
  'loop',
  'loop/x',
  '/etc/passwd',
  '.git/config',
  '.git/hooks/post-checkout',
  '.GIT/config',
  '.git./config',
  'git~1/config',
  'git-by-link/config',
  'src/.git/config',
  '',
  '.',
  'greet.js/x',
  'nul\0byte',
];

describe('files of a slot for an agent', () => {
  it.each(escapes)('are none outside, nor in a git directory: %j', async (path) => {
    const { slot, outside, files } = await lay();
    for (const named of [path, ...(path.startsWith('/') ? [] : [`${slot}/${path}`])]) {
      expect(await files.read(named, {})).toMatchObject({ ok: false });
      expect(await files.write(named, 'mine\n')).toMatchObject({ ok: false, error: { kind: 'denied' } });
    }
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret\n');
    expect(await readFile(join(slot, '.git/config'), 'utf8')).toBe('git\n');
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });

  it('are read as they are, whole or by lines', async () => {
    const { slot, files } = await lay();
    const read = async (lines: object) => files.read(join(slot, 'greet.js'), lines);
    expect(await read({})).toEqual({ ok: true, value: 'one\r\ntwo\nthree' });
    expect(await read({ line: 2, limit: 1 })).toEqual({ ok: true, value: 'two\n' });
    expect(await read({ line: 3 })).toEqual({ ok: true, value: 'three' });
    expect(await read({ limit: 2 })).toEqual({ ok: true, value: 'one\r\ntwo\n' });
    expect(await read({ line: 9, limit: 9 })).toEqual({ ok: true, value: '' });
    expect(await files.read('none.js', {})).toMatchObject({ ok: false, error: { kind: 'missing' } });
  });

  it('are not read where they would come back broken, or would block', async () => {
    const { slot, files } = await lay();
    await writeFile(join(slot, 'latin'), Buffer.from([0x61, 0xe4, 0x0a]));
    await writeFile(join(slot, 'large'), Buffer.alloc(LONGEST_FILE + 1, 'x'));
    await writeFile(join(slot, 'bom'), '\ufeffbom');
    const made = { file: 'mkfifo', args: [join(slot, 'fifo')], cwd: slot, env, mark: freshMark() };
    await runTree({ ...made, onStdout: () => undefined, onStderr: () => undefined }, systemClock);
    for (const [name, why] of [
      ['latin', 'no text in UTF-8'],
      ['large', 'longer than'],
      ['fifo', 'no regular file'],
    ] as const) {
      expect(await files.read(name, {})).toMatchObject({
        ok: false,
        error: { kind: 'denied', message: expect.stringContaining(why) as string },
      });
    }
    expect(await files.read('bom', {})).toEqual({ ok: true, value: '\ufeffbom' });
    expect(await files.write('fifo', 'x')).toMatchObject({ ok: false });
  });

  it('are written anew, with their folders, through links that stay inside', async () => {
    const { slot, files } = await lay();
    expect(await files.write(join(slot, 'a/b/new.js'), 'x\n')).toEqual({ ok: true, value: undefined });
    expect(await files.write('in/linked.js', 'y\n')).toEqual({ ok: true, value: undefined });
    expect(await files.write('greet.js', '')).toEqual({ ok: true, value: undefined });
    expect(await files.write('.gitignore', 'z\n')).toEqual({ ok: true, value: undefined });
    expect(await readFile(join(slot, 'a/b/new.js'), 'utf8')).toBe('x\n');
    expect(await readFile(join(slot, 'src/linked.js'), 'utf8')).toBe('y\n');
    expect(await readFile(join(slot, 'greet.js'), 'utf8')).toBe('');
    expect(await files.write('huge', 'x'.repeat(LONGEST_FILE + 1))).toMatchObject({ ok: false });
  });

  it('are found where the slot itself is named by a link', async () => {
    const { slot, outside } = await lay();
    const other = join(outside, 'slot-by-link');
    await symlink(slot, other);
    expect(await new SlotFiles(other, { isReadOnly: false }).read(join(other, 'greet.js'), {})).toMatchObject({
      ok: true,
    });
    expect(await slotPath(other, join(slot, 'greet.js'))).toMatchObject({ ok: true, value: { inside: 'greet.js' } });
  });

  it('are not written through a hard link to a file elsewhere', async () => {
    const { slot, outside, files } = await lay();
    await link(join(outside, 'secret'), join(slot, 'hard'));
    expect(await files.write('hard', 'mine')).toMatchObject({ ok: false });
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret\n');
  });

  it('are only read where the task is', async () => {
    const { slot } = await lay();
    const files = new SlotFiles(slot, { isReadOnly: true });
    expect(await files.write('greet.js', 'x')).toMatchObject({ ok: false, error: { kind: 'denied' } });
    expect(await files.read('greet.js', {})).toMatchObject({ ok: true });
  });
});

describe('an agent that works by the files of its client', () => {
  it('edits in the slot, and is told why where it may not', async () => {
    const { slot, outside } = await lay();
    const write = (path: string) =>
      ({ do: 'ask', method: 'fs/write_text_file', params: { path, content: 'hi\n' } }) as const;
    const read = (path: string) =>
      ({ do: 'ask', method: 'fs/read_text_file', params: { path, line: 2, limit: null } }) as const;
    const went = await go(
      {
        steps: [
          read(join(slot, 'greet.js')),
          read(join(slot, 'none.js')),
          write(join(slot, 'greet.js')),
          write(join(outside, 'secret')),
          { do: 'ask', method: 'terminal/create', params: { command: 'id' } },
          { do: 'ask', method: 'fs/write_text_file', params: { path: 1 } },
        ],
      },
      { directory: slot },
    );
    expect(answers(went)).toEqual([
      { result: { content: 'two\nthree' } },
      { error: expect.objectContaining({ code: -32002 }) as unknown },
      { result: {} },
      {
        error: expect.objectContaining({
          code: -32602,
          message: expect.stringContaining('outside of the checkout') as string,
        }) as unknown,
      },
      { error: expect.objectContaining({ code: -32601 }) as unknown },
      { error: expect.objectContaining({ code: -32602 }) as unknown },
    ]);
    expect(await readFile(join(slot, 'greet.js'), 'utf8')).toBe('hi\n');
  });
});
