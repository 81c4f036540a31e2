import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEvent } from '../../../src/executors/codex/events.ts';
import { recorded } from '../player.ts';
import { codexScenarios } from '../../agents/codex.ts';

it.each(Object.keys(codexScenarios))('knows each event that was recorded: %s', (scenario) => {
  const lines = recorded('codex', scenario).filter(({ stream }) => stream === 'stdout');
  expect(lines.length).toBeGreaterThan(1);
  for (const { text } of lines) expect(JSON.parse(text)).toMatchObject(decodeEvent(text));
});

it('tells what it does not know by its name, and what is no event as it is', () => {
  expect(decodeEvent('{"type":"turn.paused","why":1}')).toEqual({ type: 'unknown', name: 'turn.paused' });
  const item = '{"type":"item.completed","item":{"id":"item_1","type":"hologram"}}';
  expect(decodeEvent(item)).toEqual({ type: 'unknown', name: 'item.completed hologram' });
  // Known by name, and changed: no less told.
  expect(decodeEvent('{"type":"turn.failed","error":"why"}')).toEqual({ type: 'unknown', name: 'turn.failed' });
  expect(decodeEvent('Segmentation fault')).toEqual({ type: 'text', text: 'Segmentation fault' });
});

it('makes something of any line', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(['text', 'unknown']).toContain(decodeEvent(line).type);
    }),
  );
});
