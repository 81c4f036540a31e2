export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The relay's own log. Fields must carry nothing secret. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const silentLog: Log = { write: () => undefined };

/** One JSON object a line, at `least` and above. */
export function jsonLog(write: (line: string) => void, now: () => number, least: LogLevel = 'info'): Log {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return {
    write(level, message, fields) {
      if (order.indexOf(level) < order.indexOf(least)) return;
      write(`${JSON.stringify({ at: now(), level, message, ...fields })}\n`);
    },
  };
}
