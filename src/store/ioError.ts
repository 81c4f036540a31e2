import { codeOf, err, messageOf, type Result } from '../base/result.ts';

/** The operating system refused: `message` says what was being done, where, why, and what helps. */
export interface IoError {
  readonly kind: 'io';
  readonly message: string;
}

export function ioError(doing: string, thrown: unknown): { readonly ok: false; readonly error: IoError } {
  return err({ kind: 'io', message: `cannot ${doing}: ${messageOf(thrown)}${remedy(codeOf(thrown))}` });
}

/** Runs what may meet an operating system's error and makes a value of it. `doing` completes "cannot …". */
export async function attemptIo<T>(doing: string, act: () => Promise<T>): Promise<Result<T, IoError>> {
  try {
    return { ok: true, value: await act() };
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    return ioError(doing, thrown);
  }
}

function remedy(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return '. Free some space on that disk and try again.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return '. Make it writable for you, or choose another place with relay.dataDirectory or --data.';
    case undefined:
    default:
      return '';
  }
}
