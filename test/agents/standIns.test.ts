import { expect, it } from 'vitest';
import { standIns } from './standIns.ts';

const one = 'b4fd8f7e-29a5-4a51-a8be-0bfbcd4b8e41';
const other = '01a20f36-5e08-7992-80a6-d1fa601967d8';

it('takes a machine’s paths out, the longer one first, and the form with dashes too', () => {
  const standIn = standIns([
    ['/tmp/x', '/work'],
    ['/tmp/x/agents', '/programs'],
  ]);
  expect(standIn('in /tmp/x/repository by /tmp/x/agents/codex')).toBe('in /work/repository by /programs/codex');
  expect(standIn('projects/-tmp-x-repository')).toBe('projects/-work-repository');
});

it('keeps what belongs together: the same id is the same stand-in', () => {
  const standIn = standIns([]);
  const [a, b] = [standIn(`${one} ${other}`), standIn(other)];
  expect(a).toBe('00000000-0000-4000-8000-000000000001 00000000-0000-4000-8000-000000000002');
  expect(b).toBe('00000000-0000-4000-8000-000000000002');
});

it('takes times, durations and ports out', () => {
  const standIn = standIns([]);
  expect(standIn('"timestamp":"2026-11-24T20:18:29.631Z","duration_ms":1182')).toBe(
    '"timestamp":"2026-01-01T00:00:00.000Z","duration_ms":100',
  );
  expect(standIn('first after 23 ms, at 127.0.0.1:41875/v1')).toBe('first after 100 ms, at 127.0.0.1:8080/v1');
});
