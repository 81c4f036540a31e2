import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { MARK } from '../../src/process/mark.ts';
import { procfs } from '../../src/process/procfs.ts';
import { runShell, type ShellExit } from '../../src/process/shell.ts';
import { below, endMarked } from '../../src/process/tree.ts';
import { env, freshMark, isAlive, scratch, watched, type Watched } from './running.ts';

async function shell(line: string, options: Watched): Promise<ShellExit> {
  const done = await runShell(line, options, systemClock);
  if (!done.ok) throw new Error(done.error.message);
  return done.value;
}

/** A line of shell that waits until a file has something in it. */
const until = (file: string): string => `while [ ! -s ${file} ]; do :; done`;

async function pidIn(directory: string, file = 'pid'): Promise<number> {
  return Number(await readFile(join(directory, file), 'utf8'));
}

describe('a tree that has ended by itself leaves nobody', () => {
  const stay = `sh -c 'echo $$ > pid; exec sleep 1000'`;
  it.each([
    ['a child in the background', `${stay} &`],
    ['a child that holds no pipe', `${stay} </dev/null >/dev/null 2>&1 &`],
    ['a child in a session of its own', `setsid ${stay} &`],
    ['a child under nohup', `nohup ${stay} &`],
    [
      'a double fork with stdio closed',
      `(setsid sh -c 'sh -c "echo \\$\\$ > pid; exec sleep 1000" <&- >&- 2>&- &' &);`,
    ],
    ['a child that ignores SIGTERM', `setsid sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 1000; done' &`],
    ['a child in the group without the mark', `env -u ${MARK} ${stay} &`],
  ])('%s', async (_name, line) => {
    const directory = await scratch();
    const exit = await shell(`${line} ${until('pid')}; exit 7`, watched(directory, { graceMs: 50 }));
    expect(exit).toMatchObject({ kind: 'exited', exitCode: 7 });
    const pid = await pidIn(directory);
    expect(pid).toBeGreaterThan(1);
    expect(await isAlive(pid)).toBe(false);
  });

  it('even one that forks on and on', async () => {
    const options = watched(await scratch(), { graceMs: 50 });
    const exit = await shell(`trap "" TERM; hop() { (hop) & }; hop; exit 0`, options);
    expect(exit).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(await procfs.marked(options.mark)).toEqual([]);
  });
});

describe('a tree that is ended', () => {
  it.each([
    ['a plain program', `echo up; exec sleep 1000`],
    ['a program that ignores SIGTERM', `trap "" TERM; echo up; while :; do sleep 1000; done`],
    ['a program that closed its stdio', `echo up; exec sleep 1000 <&- >&- 2>&-`],
    ['a stopped program', `(echo up; kill -STOP $$) & wait`],
    ['a child in a session of its own, without the mark', `env -u ${MARK} setsid sh -c 'echo up; sleep 1000'`],
    ['a child of a child that has no parent', `(setsid sh -c 'echo up; exec sleep 1000' &); exec sleep 1000`],
  ])('%s', async (_name, line) => {
    const abort = new AbortController();
    const options = watched(await scratch(), { signal: abort.signal, graceMs: 50 });
    const up = options.said('up');
    const ended = shell(line, options);
    await up;
    const marked = await procfs.marked(options.mark);
    expect(marked.length).toBeGreaterThan(0);
    const started = below(await procfs.rows(), marked);
    abort.abort();
    expect(await ended).toMatchObject({ kind: 'aborted' });
    expect(await procfs.living(started)).toEqual([]);
    expect(await procfs.marked(options.mark)).toEqual([]);
  });

  it('lets a program tidy up on SIGTERM', async () => {
    const abort = new AbortController();
    const options = watched(await scratch(), { signal: abort.signal });
    const up = options.said('up');
    const ended = shell(`trap 'echo tidied; exit 0' TERM; echo up; while :; do sleep 0.01; done`, options);
    await up;
    abort.abort();
    expect(await ended).toMatchObject({ kind: 'aborted' });
    expect(options.events).toContainEqual({ stream: 'stdout', text: 'tidied' });
  });

  it('by its own time limit', async () => {
    const options = watched(await scratch(), { timeoutMs: 50, graceMs: 50 });
    expect(await shell('sleep 1000', options)).toMatchObject({ kind: 'timedOut' });
    expect(await procfs.marked(options.mark)).toEqual([]);
  });

  it('fifty times in a row, and nobody stays', async () => {
    const directory = await scratch();
    const mark = freshMark();
    for (let round = 0; round < 50; round++) {
      const abort = new AbortController();
      const options = watched(directory, { signal: abort.signal, mark: `${mark}/${round}` });
      const up = options.said('up');
      const ended = shell(`setsid sh -c 'echo up; exec sleep 1000' & sleep 1000 & wait`, options);
      await up;
      abort.abort();
      expect(await ended).toMatchObject({ kind: 'aborted' });
    }
    expect(await procfs.marked(mark)).toEqual([]);
  });
});

describe('endMarked', () => {
  async function leftover(mark: string, line = 'echo up; exec sleep 1000'): Promise<number> {
    const child = spawn('sh', ['-c', line], {
      env: { ...env, [MARK]: mark },
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.unref();
    const { pid = 0 } = child;
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return pid;
  }

  it('ends what a dead host has left, and nothing with a mark that only begins alike', async () => {
    const mark = freshMark();
    const mine = [
      await leftover(`${mark}/job/1`),
      await leftover(`${mark}/job/2`, `trap "" TERM; echo up; while :; do sleep 1; done`),
    ];
    const other = await leftover(`${mark}0/job/1`);
    expect(await endMarked(mark, systemClock)).toEqual([]);
    for (const pid of mine) expect(await isAlive(pid)).toBe(false);
    expect(await isAlive(other)).toBe(true);
  });

  it('never ends the caller, and keeps it alive until it is done', async () => {
    const mark = freshMark();
    const pid = await leftover(`${mark}/job/1`);
    const code = `
      import { endMarked } from ${JSON.stringify(join(import.meta.dirname, '../../src/process/tree.ts'))};
      import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../src/base/clock.ts'))};
      console.log(JSON.stringify(await endMarked(${JSON.stringify(mark)}, systemClock)));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...env, [MARK]: `${mark}/job/9` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    expect({ exitCode: child.exitCode, said }).toEqual({ exitCode: 0, said: '[]\n' });
    expect(await isAlive(pid)).toBe(false);
  });
});
