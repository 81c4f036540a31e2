import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { timed } from './timed.ts';

/** Milliseconds of each of `times` appends of `bytes` with its fsync, by blocking calls: what the disk can do just now. */
export async function appendTimes(file: string, bytes: Uint8Array, times: number): Promise<readonly number[]> {
  const fd = openSync(file, 'a');
  const figures: number[] = [];
  try {
    for (let time = 0; time < times; time++) {
      const took = await timed(() => {
        writeSync(fd, bytes);
        fsyncSync(fd);
      });
      figures.push(took);
    }
  } finally {
    closeSync(fd);
  }
  return figures;
}
