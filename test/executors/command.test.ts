import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Result } from '../../src/base/result.ts';
import type { ExecutorError, LogEvent, Report } from '../../src/domain/executor.ts';
import { commandExecutor } from '../../src/executors/command.ts';
import { procfs } from '../../src/process/procfs.ts';
import { scratch } from '../process/running.ts';
import { contextIn, requestOf } from './asking.ts';

const executor = commandExecutor(systemClock);

async function go(command: string): Promise<{ done: Result<Report, ExecutorError>; events: readonly LogEvent[] }> {
  const context = contextIn(await scratch());
  return { done: await executor.run(requestOf({ command }), context), events: context.events };
}

async function messageOf(command: string): Promise<string> {
  const { done } = await go(command);
  if (done.ok || done.error.kind !== 'failed') throw new Error(`not failed: ${JSON.stringify(done)}`);
  return done.error.message;
}

describe('the command executor', () => {
  it('runs the command in the slot', async () => {
    const directory = await scratch();
    const context = contextIn(directory);
    expect(await executor.run(requestOf({ command: 'echo new > file' }), context)).toEqual({
      ok: true,
      value: { prompt: 'echo new > file' },
    });
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('new\n');
  });

  it('logs both streams, line by line, whatever the bytes', async () => {
    const { events } = await go(String.raw`printf 'a\377b\n\033[1mbold'; printf 'oops\n' >&2`);
    expect(events.filter(({ stream }) => stream === 'stdout')).toEqual([
      { stream: 'stdout', text: 'a\ufffdb' },
      { stream: 'stdout', text: '\u001b[1mbold' },
    ]);
    expect(events).toContainEqual({ stream: 'stderr', text: 'oops' });
  });

  it('says how a command failed, with its last words', async () => {
    expect(await messageOf('echo first >&2; echo the reason >&2; exit 3')).toBe(
      'The command failed with exit code 3. It said: first\nthe reason',
    );
    expect(await messageOf('exit 1')).toBe('The command failed with exit code 1.');
    expect(await messageOf('kill -9 $$')).toBe('The command was ended by SIGKILL.');
    expect((await messageOf('yes x | tr -d "\\n" | head -c 100000 >&2; exit 1')).length).toBeLessThan(1200);
  });

  it('says that a command is not found, or not executable', async () => {
    const message = await messageOf('no-such-command --x');
    expect(message).toMatch(/^The command was not found \(exit code 127\): .*no-such-command/s);
    const directory = await scratch();
    await writeFile(join(directory, 'plain'), '#!/bin/sh\n');
    await chmod(join(directory, 'plain'), 0o644);
    const done = await executor.run(requestOf({ command: './plain' }), contextIn(directory));
    expect(done).toMatchObject({ ok: false, error: { kind: 'failed' } });
    expect(done.ok ? '' : JSON.stringify(done.error)).toContain('not executable (exit code 126)');
  });

  it('is aborted by the signal, once the whole tree is gone', async () => {
    const abort = new AbortController();
    const context = contextIn(await scratch(), abort.signal);
    const onLog = ({ text }: LogEvent): void => {
      if (text === 'up') abort.abort();
    };
    const command = `setsid sh -c 'echo up; exec sleep 1000' & sleep 1000`;
    const done = await executor.run(requestOf({ command }), { ...context, onLog });
    expect(done).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect(await procfs.marked(context.env['RELAY_ATTEMPT'] ?? '')).toEqual([]);
  });

  it('has nothing to run without a command, and nowhere without a directory', async () => {
    expect(await executor.run(requestOf({}), contextIn('/'))).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', message: expect.stringContaining('execution.command') as string },
    });
    expect(await executor.run(requestOf({ command: 'true' }), contextIn('/no/such'))).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', message: expect.stringContaining('no such directory') as string },
    });
  });
});
