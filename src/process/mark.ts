/** The environment variable that marks all processes of an attempt: `<recordId>/<jobId>/<attempt>`. */
export const MARK = 'RELAY_ATTEMPT';

/** Whether an environment, its entries ended by NUL as in /proc, has this mark or one below it (`mark/…`). */
export function hasMark(environ: string, mark: string): boolean {
  const entry = `${MARK}=${mark}`;
  const at = environ.startsWith(entry) ? 0 : environ.indexOf(`\0${entry}`) + 1;
  if (at === 0 && !environ.startsWith(entry)) return false;
  const next = environ.charAt(at + entry.length);
  return next === '' || next === '\0' || next === '/';
}
