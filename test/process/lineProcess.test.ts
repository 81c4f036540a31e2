import { afterEach, describe, expect, it } from 'vitest';
import { LineProcess } from '../../src/process/lineProcess.ts';

const SCRIPT = 'n=0; while read -r line; do n=$((n+1)); [ "$line" = die ] && exit; echo "$n $line"; done';
const opened: LineProcess[] = [];

/** Answers each line by its number and itself; a number tells how many lines came before. */
function counting(): LineProcess {
  const made = new LineProcess({ file: '/bin/sh', args: ['-c', SCRIPT], cwd: '/', env: { PATH: '/usr/bin:/bin' } });
  opened.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

describe('a program that answers line by line', () => {
  it('asks equal lines of one turn once, and asks again in the next', async () => {
    const lines = counting();
    const turn = [lines.ask('a'), lines.ask('b'), lines.ask('a')];
    expect(await Promise.all(turn)).toEqual(['1 a', '2 b', '1 a']);
    expect(await lines.ask('a')).toBe('3 a');
  });

  it('answers what was asked before it is closed, and starts again when asked later', async () => {
    const lines = counting();
    const asked = lines.ask('a');
    await lines.close();
    expect(await asked).toBe('1 a');
    expect(await lines.ask('b')).toBe('1 b');
  });

  it('tells everybody who waits when the program dies, and starts again', async () => {
    const lines = counting();
    expect(await Promise.all([lines.ask('die'), lines.ask('die'), lines.ask('late')])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await lines.ask('a')).toBe('1 a');
  });
});
