import { isPass, isUnstartable, type GateRun } from './gateRun.ts';

/** How npm, pnpm, yarn and bun say that a package has no such script. */
const NO_SCRIPT = /\bmissing script:|couldn't find a script named|script not found/i;

/**
 * Whether a gate has nothing to run on the baseline, so that its failure there tells nothing about what was before: the
 * shell cannot start it (exit 126 or 127), its package has no such script, or the patch adds a file that the command line
 * names. What passes on the baseline is there.
 */
export function isNew(line: string, onBaseline: GateRun, added: readonly string[]): boolean {
  if (isPass(onBaseline) || onBaseline.end.kind === 'unready') return false;
  return isUnstartable(onBaseline) || NO_SCRIPT.test(onBaseline.tail) || added.some((path) => names(line, path));
}

/** Whether the path is a word of a shell line, as it is or after `./`. */
function names(line: string, path: string): boolean {
  return line.split(/[\s"'`;|&<>()=]+/).some((word) => word.replace(/^(?:\.\/)+/, '') === path);
}
