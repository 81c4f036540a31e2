import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/base/lane.ts';

describe('a lane', () => {
  it('runs one task at a time, in order, however long each takes', async () => {
    const lane = new Lane();
    const seen: string[] = [];
    const gates: (() => void)[] = [];
    const tasks = [0, 1, 2].map((n) =>
      lane.run(async () => {
        seen.push(`begin ${n}`);
        await new Promise<void>((resolve) => gates.push(resolve));
        seen.push(`end ${n}`);
        return n;
      }),
    );
    for (let n = 0; n < 3; n++) {
      while (gates.length <= n) await Promise.resolve();
      gates[n]?.();
    }
    expect(await Promise.all(tasks)).toEqual([0, 1, 2]);
    expect(seen).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('goes on after a task that failed, and tells only its own caller', async () => {
    const lane = new Lane();
    const failed = lane.run(() => Promise.reject(new Error('mine')));
    const next = lane.run(() => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('mine');
    await expect(next).resolves.toBe('next');
  });
});
