import { sep } from 'node:path';

/**
 * Whether an error that nobody caught is a bug of this program's own: its stack has frames of the program's folder and of
 * no other file. One without any (a socket that broke off) is taken for a plug-in's, whose own frames are long gone.
 */
export function isOwn(thrown: unknown, folder: string): boolean {
  if (!(thrown instanceof Error)) return false;
  const frames = (thrown.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at .*[/\\]/.test(line) && !line.includes('node:'));
  return frames.length > 0 && frames.every((line) => line.includes(folder + sep));
}
