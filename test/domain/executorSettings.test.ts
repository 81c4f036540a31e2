import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultExecutorSettings, ExecutorSettings, settingsOf } from '../../src/domain/executorSettings.ts';

it('are read one by one: a wrong one takes none of the others with it', () => {
  const { settings, problems } = settingsOf({
    claude: { sandbox: 'read-only', maxTurns: 5000 },
    permissions: 'refuse',
    acp: { mine: { command: ['mine'] }, broken: { command: [] }, 'Not A Name': { command: ['x'] } },
    order: ['mine', ''],
  });
  expect(settings).toEqual({
    ...defaultExecutorSettings,
    claude: { ...defaultExecutorSettings.claude, sandbox: 'read-only' },
    permissions: 'refuse',
    acp: { mine: { command: ['mine'] } },
  });
  expect(problems.map(({ setting }) => setting).sort()).toEqual([
    'acp.Not A Name',
    'acp.broken',
    'claude.maxTurns',
    'order',
  ]);
  expect(problems.every(({ restricts }) => !restricts)).toBe(true);
});

it('tell of those that were to restrict', () => {
  const { settings, problems } = settingsOf({ codex: 5, claude: { sandbox: 'readonly' }, permissions: 'never' });
  expect(settings).toEqual(defaultExecutorSettings);
  expect(problems.map(({ setting, restricts }) => [setting, restricts])).toEqual([
    ['codex', true],
    ['claude.sandbox', true],
    ['permissions', true],
  ]);
  expect(problems[1]?.why).toContain('read-only');
});

it('tell of what is no setting, and of what is no settings at all', () => {
  expect(settingsOf({ codex: { modle: 'm', model: 'n' }, sandbox: 'read-only' })).toMatchObject({
    settings: { codex: { model: 'n' } },
    problems: [{ setting: 'codex.modle' }, { setting: 'sandbox' }],
  });
  for (const raw of [undefined, {}])
    expect(settingsOf(raw)).toEqual({ settings: defaultExecutorSettings, problems: [] });
  for (const raw of [null, 'x', []])
    expect(settingsOf(raw)).toMatchObject({ settings: defaultExecutorSettings, problems: [{ setting: '' }] });
});

it('are settings, whatever is written there, and what is valid stays as it is', () => {
  const one = (valid: unknown): fc.Arbitrary<unknown> => fc.oneof(fc.constant(valid), fc.jsonValue());
  const some = fc.record(
    {
      order: one(['a']),
      codex: fc.oneof(fc.record({ sandbox: one('read-only'), model: one('m') }, { requiredKeys: [] }), fc.jsonValue()),
      claude: fc.oneof(fc.record({ maxTurns: one(7), program: one('c') }, { requiredKeys: [] }), fc.jsonValue()),
      acp: fc.oneof(fc.dictionary(fc.string(), one({ command: ['x'] })), fc.jsonValue()),
      permissions: one('refuse'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(some, (raw) => {
      const { settings, problems } = settingsOf(raw);
      expect(ExecutorSettings.safeParse(settings).success).toBe(true);
      expect(problems.length === 0).toBe(ExecutorSettings.safeParse(raw).success);
      if (raw.permissions === 'refuse') expect(settings.permissions).toBe('refuse');
    }),
  );
});
