import picomatch from 'picomatch';

/** `*` and `**` match names that begin with a dot, or have a line break in them. Git's paths have `/` on every platform. */
const OPTIONS = { dot: true, windows: false, flags: 's' } as const;

/** Whether a path is one of these, or fits one of these globs. */
export function matcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const paths = new Set(globs);
  const fits = picomatch([...globs], OPTIONS);
  return (path) => paths.has(path) || fits(path);
}
