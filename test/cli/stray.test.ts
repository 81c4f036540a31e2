import { expect, it } from 'vitest';
import { isOwn } from '../../src/cli/stray.ts';

it.each([
  [true, ['at f (/opt/relay/dist/cli.cjs:1:2)', 'at processTimers (node:internal/timers:5:3)']],
  [false, ['at f (/opt/relay/dist/cli.cjs:1:2)', 'at run (file:///home/me/mine.mjs:3:4)']],
  [false, ['at run (/opt/relay/distant/mine.cjs:3:4)']],
  [false, ['at TLSSocket.onHangUp (node:_tls_wrap:1:2)']],
  [false, []],
])('an error is the program’s own: %s for %j', (own, frames) => {
  const thrown = new Error('x');
  thrown.stack = ['Error: x', ...frames.map((frame) => `    ${frame}`)].join('\n');
  expect(isOwn(thrown, '/opt/relay/dist')).toBe(own);
  expect(isOwn('x', '/opt/relay/dist')).toBe(false);
});
