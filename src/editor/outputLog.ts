import type { LogOutputChannel } from 'vscode';
import type { Log } from '../base/log.ts';

/** The relay's log in the extension's output channel, which has levels and times of its own. */
export function outputLog(channel: LogOutputChannel): Log {
  return {
    write(level, message, fields) {
      const text = fields === undefined ? message : `${message} ${JSON.stringify(fields)}`;
      switch (level) {
        case 'debug':
          channel.debug(text);
          break;
        case 'info':
          channel.info(text);
          break;
        case 'warn':
          channel.warn(text);
          break;
        case 'error':
          channel.error(text);
          break;
      }
    },
  };
}
