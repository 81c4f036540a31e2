import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Result } from '../../src/base/result.ts';
import type { SpawnError } from '../../src/process/launch.ts';
import { run, type Exit, type RunCommand } from '../../src/process/spawn.ts';
import { env, isAlive, scratch } from './running.ts';

function go(file: string, args: readonly string[], more: Partial<RunCommand> = {}): Promise<Result<Exit, SpawnError>> {
  return run({ file, args, cwd: '/', env, ...more }, systemClock);
}

async function exitOf(file: string, args: readonly string[], more: Partial<RunCommand> = {}): Promise<Exit> {
  const done = await go(file, args, more);
  if (!done.ok) throw new Error(done.error.message);
  return done.value;
}

describe('run', () => {
  it('tells the exit code and keeps the streams apart', async () => {
    const exit = await exitOf('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    expect(exit).toMatchObject({ ending: { kind: 'exited', exitCode: 3 }, truncated: false });
    expect(exit.stdout.toString()).toBe('out\n');
    expect(exit.stderr.toString()).toBe('err\n');
    expect(exit.durationMs).toBeGreaterThan(0);
  });

  it('tells the signal that ended the program', async () => {
    const exit = await exitOf('sh', ['-c', 'kill -USR1 $$']);
    expect(exit.ending).toEqual({ kind: 'signaled', signal: 'SIGUSR1' });
  });

  it('passes arguments as they are, through no shell', async () => {
    const args = ['a b', '$(id)', '*', "'", '"', '\n', '', 'é😀'];
    const exit = await exitOf('printf', ['%s|', ...args]);
    expect(exit.stdout.toString()).toBe(args.map((arg) => `${arg}|`).join(''));
  });

  it('gives exactly the environment it was given', async () => {
    const exit = await exitOf('/usr/bin/env', [], { env: { ONLY: 'this' } });
    expect(exit.stdout.toString()).toBe('ONLY=this\n');
  });

  it('gives bytes on stdin, and an end at once where there are none', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    expect((await exitOf('cat', [], { stdin: bytes })).stdout).toEqual(bytes);
    expect((await exitOf('cat', [])).stdout.length).toBe(0);
  });

  it('does not mind a program that leaves its stdin unread', async () => {
    const exit = await exitOf('true', [], { stdin: Buffer.alloc(4 * 1024 * 1024) });
    expect(exit.ending).toEqual({ kind: 'exited', exitCode: 0 });
  });

  it('keeps memory flat under a gigabyte of output', async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    let bytes = 0;
    const exit = await exitOf('head', ['-c', '1000000000', '/dev/zero'], {
      maxOutput: 1000,
      onStdout: (chunk) => {
        bytes += chunk.length;
        most = Math.max(most, process.memoryUsage.rss());
      },
    });
    expect(bytes).toBe(1_000_000_000);
    expect(exit).toMatchObject({ ending: { kind: 'exited', exitCode: 0 }, truncated: true });
    expect(exit.stdout.length).toBe(1000);
    expect(most - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('keeps the end of stderr', async () => {
    const exit = await exitOf('sh', ['-c', '(yes | head -c 1000000; echo; echo why) >&2']);
    expect(exit.stderr.length).toBe(64 * 1024);
    expect(exit.stderr.toString().endsWith('\nwhy\n')).toBe(true);
    expect(exit.truncated).toBe(false);
  });

  it('ends the whole group when the time is up, also one that ignores SIGTERM', async () => {
    const pids: number[] = [];
    const exit = await exitOf('sh', ['-c', `trap "" TERM; sleep 1000 & echo $!; echo $$; wait; sleep 1000`], {
      timeoutMs: 200,
      onStdout: (chunk) => pids.push(...chunk.toString().trim().split('\n').map(Number)),
    });
    expect(exit.ending).toEqual({ kind: 'timedOut' });
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(await isAlive(pid)).toBe(false);
  });

  it('ends on abort, before the start and after', async () => {
    expect((await exitOf('sleep', ['1000'], { signal: AbortSignal.abort() })).ending).toEqual({ kind: 'aborted' });
    const abort = new AbortController();
    const exit = await exitOf('sh', ['-c', 'echo up; exec sleep 1000'], {
      signal: abort.signal,
      onStdout: () => abort.abort(),
    });
    expect(exit.ending).toEqual({ kind: 'aborted' });
  });

  it('does not wait for a stranger that holds the pipe', async () => {
    const exit = await exitOf('sh', ['-c', 'setsid sleep 1000 & echo $!']);
    const pid = Number(exit.stdout.toString());
    expect(exit.ending).toEqual({ kind: 'exited', exitCode: 0 });
    expect(await isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  it('says why a program could not be started', async () => {
    const directory = await scratch();
    const file = join(directory, 'plain');
    await writeFile(file, 'no program');
    await chmod(file, 0o644);
    const errorOf = async (...call: Parameters<typeof go>): Promise<SpawnError | undefined> => {
      const done = await go(...call);
      return done.ok ? undefined : done.error;
    };
    expect(await errorOf('no-such-program', [])).toMatchObject({ kind: 'notFound' });
    expect(await errorOf('true', [], { cwd: join(directory, 'gone') })).toMatchObject({ kind: 'noDirectory' });
    expect(await errorOf('true', [], { cwd: file })).toMatchObject({ kind: 'noDirectory' });
    expect(await errorOf(file, [])).toMatchObject({ kind: 'notExecutable' });
    expect(await errorOf('true', ['x'.repeat(3_000_000)])).toMatchObject({ kind: 'tooLong' });
    expect(await errorOf('true', ['\0'])).toMatchObject({ kind: 'failed' });
  });
});
