import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Playback } from '../../src/executors/playback.ts';
import { runProgram, type Program } from '../../src/executors/program.ts';
import { isAlive } from '../process/running.ts';
import { contextIn, type Asked } from './asking.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'program-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A program as a node script. */
function node(script: string, more: Partial<Program> & Pick<Program, 'onLine'>): Program {
  const file = join(directory, 'program.cjs');
  writeFileSync(file, script);
  return { file: process.execPath, args: [file], stdin: '', ...more };
}

async function ran(script: string, context: Asked, more: Partial<Program> = {}) {
  const lines: string[] = [];
  const program = node(script, { onLine: (text) => void lines.push(text), ...more });
  return { done: await runProgram(program, context, systemClock), lines };
}

describe('a program of an executor', () => {
  it('reads its prompt from stdin, however long, and works in the slot with the mark of the attempt', async () => {
    const context = contextIn(directory);
    const prompt = 'ä'.repeat(300_000);
    const script = `
      let bytes = 0;
      process.stdin.on('data', (chunk) => (bytes += chunk.length)).on('end', () => {
        console.log(JSON.stringify({ bytes, cwd: process.cwd(), mark: process.env.RELAY_ATTEMPT, more: process.env.MORE }));
      });`;
    const { done, lines } = await ran(script, context, { stdin: prompt, env: { MORE: 'yes' } });
    expect(done).toMatchObject({ ok: true, value: { ending: { kind: 'exited', exitCode: 0 } } });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { bytes: 600_000, cwd: directory, mark: context.env['RELAY_ATTEMPT'], more: 'yes' },
    ]);
  });

  it('gives a line of a megabyte whole, and keeps both streams as they came', async () => {
    const context = contextIn(directory);
    const script = `console.log('x'.repeat(1 << 20)); console.error('why'); process.exitCode = 3;`;
    const { done, lines } = await ran(script, context);
    expect(lines.map((line) => line.length)).toEqual([1 << 20]);
    expect(done).toMatchObject({ ok: true, value: { ending: { kind: 'exited', exitCode: 3 }, stderr: 'why\n' } });
    expect(context.raw.map((line) => ('stream' in line ? [line.stream, line.text.length] : [line.exit]))).toEqual(
      expect.arrayContaining([['stdout', 1 << 20], ['stderr', 3], [{ kind: 'exited', exitCode: 3 }]]),
    );
    expect(context.events).toEqual([{ stream: 'stderr', text: 'why' }]);
  });

  it('loses no line of JSON in a flood of others, which is cut and says so', async () => {
    const context = contextIn(directory);
    const script = `
      const flood = 'x\\n'.repeat(1 << 20);
      for (let round = 0; round < 4; round++) {
        process.stdout.write('{"round":' + round + '}\\n' + flood);
        process.stderr.write('x'.repeat(1 << 20) + flood);
      }
      process.stdout.write('{"last":true}');`;
    const { done, lines } = await ran(script, context);
    expect(done).toMatchObject({ ok: true, value: { ending: { kind: 'exited', exitCode: 0 } } });
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([
      ...[0, 1, 2, 3].map((round) => JSON.stringify({ round })),
      '{"last":true}',
    ]);
    expect(lines.length).toBeLessThan(200_000);
    const plain = lines.filter((line) => line === 'x').length;
    expect(lines.at(-1)).toBe(`… (${String(4 * 2 * (1 << 20) - 2 * plain)} more bytes were left out)`);
    expect(context.events.length).toBeLessThan(200_000);
    expect(
      context.events
        .filter(({ stream }) => stream === 'relay')
        .map(({ text }) => text)
        .sort(),
    ).toEqual([
      'stderr has too much; the rest of it is left out',
      'stdout has too much that is no JSON; the rest of it is left out',
    ]);
  });

  it.each([0, 200])(
    'leaves turns to all else while it floods (lines with %i bytes), and everything is told in its order',
    async (length) => {
      const context = contextIn(directory);
      const count = 300_000;
      let turns = 0;
      let told = 0;
      let isOver = false;
      const tick = (): void => {
        turns += 1;
        if (!isOver) setImmediate(tick);
      };
      setImmediate(tick);
      const inTurn: number[] = [];
      const script = `for (let n = 0; n < ${String(count)}; n += 1000)
      process.stdout.write(Array.from({ length: 1000 }, (_, i) => '{"n":' + (n + i) + '}' + ' '.repeat(${String(length)}) + '\\n').join(''));`;
      const wrong: string[] = [];
      await ran(script, context, {
        onLine: (text) => {
          if (text.trimEnd() !== `{"n":${String(told)}}`) wrong.push(text);
          told += 1;
          inTurn[turns] = (inTurn[turns] ?? 0) + 1;
        },
      });
      isOver = true;
      expect(wrong).toEqual([]);
      expect(told).toBe(count);
      expect(Math.max(...Object.values(inTurn))).toBeLessThan(2000);
    },
  );

  it('is talked to by its stdin where it wants to talk', async () => {
    const context = contextIn(directory);
    const script = `
      process.stdin.setEncoding('utf8').on('data', (text) => console.log('heard ' + text.trim())).on('end', () => console.log('end'));`;
    const { lines } = await ran(script, context, {
      stdin: (pipe) => {
        pipe.write('one\n');
        pipe.end();
      },
    });
    expect(lines).toEqual(['heard one', 'end']);
  });

  it('is ended by either signal, with what it started in a session of its own', async () => {
    const own = new AbortController();
    const context = contextIn(directory);
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    let child = 0;
    const program = node(script, {
      onLine: (text) => {
        child = Number(text);
        own.abort();
      },
      signal: own.signal,
    });
    const done = await runProgram(program, context, systemClock);
    expect(done).toMatchObject({ ok: true, value: { ending: { kind: 'aborted' } } });
    expect(await isAlive(child)).toBe(false);
  });

  it('is not there', async () => {
    const program = { file: join(directory, 'nowhere'), args: [], stdin: '', onLine: () => undefined };
    const done = await runProgram(program, contextIn(directory), systemClock);
    expect(done).toMatchObject({ ok: false, error: { kind: 'notFound' } });
  });

  it('is not started where a recording is played: it says and ends as it did then', async () => {
    const runs = [
      {
        lines: [
          { at: 0, stream: 'stdout' as const, text: 'one' },
          { at: 1, stream: 'stderr' as const, text: 'why' },
        ],
        exit: { kind: 'exited' as const, exitCode: 2 },
      },
    ];
    const context = { ...contextIn(directory), playback: new Playback(runs) };
    const { done, lines } = await ran('process.exit(9)', context);
    expect(lines).toEqual(['one']);
    expect(done).toMatchObject({ ok: true, value: { ending: { kind: 'exited', exitCode: 2 }, stderr: 'why\n' } });
    expect(await ran('process.exit(9)', context)).toMatchObject({ done: { ok: false } });
  });
});
