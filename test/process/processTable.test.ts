import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { hasMark, MARK } from '../../src/process/mark.ts';
import { parseStat, procfs } from '../../src/process/procfs.ts';
import type { ProcessTable } from '../../src/process/processTable.ts';
import { parseMarked, parseRows, psTable } from '../../src/process/psTable.ts';
import { runShell } from '../../src/process/shell.ts';
import { below } from '../../src/process/tree.ts';
import { scratch, watched } from './running.ts';

/** A program that says on SIGHUP that it is still there. */
const TOUGH = `process.on('SIGHUP', () => console.log('still')); setInterval(() => {}, 1e6); console.log('up')`;

/** Laws of every table. */
function exercise(table: ProcessTable): void {
  it('shows this process with its parent', async () => {
    const me = (await table.rows()).find(({ pid }) => pid === process.pid);
    expect(me).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(me?.started).not.toBe('');
  });

  it('finds what is marked, and signals it, but no process that got its pid', async () => {
    const options = watched(await scratch());
    const up = options.said('up');
    const still = options.said('still');
    const ended = runShell(`exec "${process.execPath}" -e "${TOUGH}"`, options, systemClock);
    await up;
    const found = await table.marked(options.mark);
    expect(found).toHaveLength(1);
    expect(await table.living(found)).toEqual(found);
    const before = found.map((row) => ({ ...row, started: 'another time' }));
    expect(await table.living(before)).toEqual([]);
    await table.signal(before, 'SIGKILL');
    for (const { pid } of found) process.kill(pid, 'SIGHUP');
    expect(await Promise.race([still, ended])).toBe('still');
    await table.signal(found, 'SIGKILL');
    expect(await ended).toMatchObject({ ok: true, value: { kind: 'signaled', signal: 'SIGKILL' } });
    expect(await table.living(found)).toEqual([]);
  });

  it('finds nothing for a mark that nobody has', async () => {
    expect(await table.marked('nobody/has/this')).toEqual([]);
  });
}

describe('procfs', () => exercise(procfs));
describe('ps', () => exercise(psTable(systemClock)));

describe('parseStat', () => {
  const stat = (name: string, state = 'S'): string =>
    `7 (${name}) ${state} 3 5 6 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0`;

  it('reads past whatever name a process gave itself', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(parseStat(7, stat(name))).toEqual({ pid: 7, parent: 3, group: 5, session: 6, started: '12345' });
      }),
    );
    expect(parseStat(7, stat(') Z 1 (x'))).toMatchObject({ parent: 3 });
  });

  it('leaves out zombies and what it cannot read', () => {
    expect(parseStat(7, stat('x', 'Z'))).toBeUndefined();
    expect(parseStat(7, '')).toBeUndefined();
  });
});

describe('hasMark', () => {
  it.each([
    [`${MARK}=a/b/1`, true],
    [`${MARK}=a/b/1\0X=1\0`, true],
    [`X=1\0${MARK}=a/b/1\0`, true],
    [`X=1\0${MARK}=a/b/1/gate\0`, true],
    [`X=1\0${MARK}=a/b/12\0`, false],
    [`X${MARK}=a/b/1\0`, false],
    [`X=${MARK}=a/b/1\0`, false],
    [`X${MARK}=a/b/1\0${MARK}=a/b/1\0`, true],
    ['', false],
  ])('%j: %s', (environ, expected) => {
    expect(hasMark(environ, 'a/b/1')).toBe(expected);
  });
});

describe('the output of ps', () => {
  it('is read by line, without zombies', () => {
    const text = [
      '    1     0     1 Ss   Mon Nov 23 01:25:13 2026    ',
      '  42     1    42 Z    Mon Nov 23 01:25:14 2026    ',
      '',
      'nonsense',
    ].join('\n');
    expect(parseRows(text)).toEqual([{ pid: 1, parent: 0, group: 1, session: 0, started: 'Mon Nov 23 01:25:13 2026' }]);
  });

  it('shows marks behind the command', () => {
    const text = [`  5 sh -c x ${MARK}=a/b/1 HOME=/`, ` 6 sh ${MARK}=a/b/12`, ` 7 sh HOME=/ ${MARK}=a/b/1`].join('\n');
    expect([...parseMarked(text, 'a/b/1')]).toEqual([5, 7]);
    expect([...parseMarked(text, 'a')]).toEqual([5, 6, 7]);
  });
});

describe('below', () => {
  const row = (pid: number, parent: number) => ({ pid, parent, group: 0, session: 0, started: '1' });

  it('goes down the tree, past a loop, and never to the relay itself', () => {
    const rows = [row(2, 1), row(3, 2), row(4, 3), row(9, 1), row(2, 4), row(process.pid, 3), row(10, process.pid)];
    const found = below(rows, rows.slice(0, 1)).map(({ pid }) => pid);
    expect(found.sort((a, b) => a - b)).toEqual([2, 3, 4]);
  });
});
