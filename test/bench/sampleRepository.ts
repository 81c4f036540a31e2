import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES_A_FOLDER = 50;

/** The file that each job changes. */
export const CHANGED_FILE = 'd0/f0.txt';

/** A repository with one commit of `files` text files of `bytesEach`, fifty a folder; the same at each call. */
export function makeRepository(directory: string, files: number, bytesEach: number): void {
  mkdirSync(directory, { recursive: true });
  for (let file = 0; file < files; file++) {
    const folder = join(directory, `d${Math.floor(file / FILES_A_FOLDER)}`);
    if (file % FILES_A_FOLDER === 0) mkdirSync(folder);
    writeFileSync(join(folder, `f${file % FILES_A_FOLDER}.txt`), textOf(file + 1, bytesEach));
  }
  const git = (...args: readonly string[]): unknown => execFileSync('git', args, { cwd: directory, stdio: 'ignore' });
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '--message', 'sample');
}

/** Lines of words that do not compress to nothing; a linear congruence, so that each run has the same bytes. */
function textOf(seed: number, bytes: number): string {
  let state = seed;
  let text = '';
  while (text.length < bytes) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36) + (state % 8 === 0 ? '\n' : ' ');
  }
  return text;
}
