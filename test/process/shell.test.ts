import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { runShell } from '../../src/process/shell.ts';
import { scratch, watched } from './running.ts';

describe('runShell', () => {
  it('runs a line of shell in the directory, with the mark in its environment', async () => {
    const directory = await scratch();
    const options = watched(directory);
    const done = await runShell('printf %s "$PWD" && echo && echo "$RELAY_ATTEMPT" | cat >&2', options, systemClock);
    expect(done).toMatchObject({ ok: true, value: { kind: 'exited', exitCode: 0 } });
    expect(options.events).toContainEqual({ stream: 'stdout', text: directory });
    expect(options.events).toContainEqual({ stream: 'stderr', text: options.mark });
  });

  it('tells the last words of each stream, from the beginning of a line', async () => {
    const line = 'i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; printf end >&2';
    const done = await runShell(line, watched(await scratch()), systemClock);
    if (!done.ok) throw new Error(done.error.message);
    expect(done.value.tail.stderr).toBe('end');
    expect(done.value.tail.stdout).toMatch(/^line \d+\nline .*\nline 1999\n$/s);
    expect(done.value.tail.stdout.length).toBeLessThanOrEqual(4096);
  });

  it('ends the log of a flood with a note, and keeps memory flat', async () => {
    const before = process.memoryUsage().rss;
    let lines = 0;
    const notes: string[] = [];
    const options = {
      ...watched(await scratch()),
      onLog: ({ stream, text }: { stream: string; text: string }) => {
        if (stream === 'relay') notes.push(text);
        else lines++;
      },
    };
    const done = await runShell('yes | head -c 1000000000; exit 4', options, systemClock);
    expect(done).toMatchObject({ ok: true, value: { kind: 'exited', exitCode: 4 } });
    expect(notes).toEqual(['stdout is too long; the rest of it is left out']);
    expect(lines).toBeGreaterThan(100_000);
    expect(lines).toBeLessThan(1_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  it('does not start what is aborted already', async () => {
    const options = watched(await scratch(), { signal: AbortSignal.abort() });
    expect(await runShell('echo no', options, systemClock)).toMatchObject({ ok: true, value: { kind: 'aborted' } });
    expect(options.events).toEqual([]);
  });

  it('says that the directory is gone', async () => {
    const done = await runShell('true', watched('/no/such/directory'), systemClock);
    expect(done).toMatchObject({ ok: false, error: { kind: 'noDirectory' } });
  });

  it('does not mind a line that deletes its own directory', async () => {
    const directory = await scratch();
    const done = await runShell('rm -rf "$PWD"; exit 0', watched(directory), systemClock);
    expect(done).toMatchObject({ ok: true, value: { kind: 'exited', exitCode: 0 } });
  });
});
