/**
 * Git's paths are bytes. Inside git/ they are carried as latin1 strings, one character a byte, so that names that are no
 * UTF-8 survive; `shown` makes the text for people.
 */
export type BytePath = string;

export function shown(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

export function toBuffer(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** Where the path is on disk, below a folder. */
export function below(root: string, path: BytePath): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), toBuffer(path)]);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};

/** Undoes the C-style quotes that git puts around a path with unusual bytes. */
export function unquoted(path: string): BytePath {
  if (!path.startsWith('"') || !path.endsWith('"')) return path;
  return path
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_all, code: string) =>
      code.length === 3 ? String.fromCharCode(parseInt(code, 8)) : (ESCAPES[code] ?? code),
    );
}

/** The fields of a NUL-terminated (`-z`) output. */
export function fields(output: Buffer): BytePath[] {
  const text = output.toString('latin1');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}
