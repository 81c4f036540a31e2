import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobSpec } from '../../src/domain/jobSpec.ts';
import { refusalOf } from '../../src/domain/policy.ts';
import {
  effectivePolicy,
  noHostPolicy,
  PolicyFile,
  policyFileSchema,
  stricterFile,
  type EffectivePolicy,
  type Protection,
} from '../../src/domain/repositoryPolicy.ts';

describe('the JSON schema of a policy file', () => {
  const validate = new AjvJsonSchemaValidator().getValidator(policyFileSchema());
  const agrees = (value: unknown): void => {
    expect(validate(value).valid, JSON.stringify(value)).toBe(PolicyFile.safeParse(value).success);
  };

  it('takes what the relay takes', () => {
    const good: unknown[] = [
      {},
      { $schema: './schema.json' },
      { protect: ['config/**', 'a b', '\u00e4', '*.{js,ts}'], lift: [] },
      { limits: {} },
      { limits: { patchBytes: 1, files: 100_000, fileBytes: 1024 * 1024 * 1024 } },
    ];
    for (const value of good) {
      expect(PolicyFile.safeParse(value).success, JSON.stringify(value)).toBe(true);
      agrees(value);
    }
  });

  it('refuses what the relay refuses', () => {
    const bad: unknown[] = [
      null,
      [],
      'x',
      { protected: [] },
      { protect: 'src/**' },
      { protect: [''] },
      { protect: ['!src/**'] },
      { protect: ['a\0b'] },
      { protect: ['x'.repeat(1025)] },
      { lift: [1] },
      { lift: Array.from({ length: 501 }, String) },
      { limits: { bytes: 1 } },
      { limits: { patchBytes: 0 } },
      { limits: { patchBytes: 256 * 1024 * 1024 + 1 } },
      { limits: { files: 1.5 } },
      { limits: { files: '1' } },
      { limits: [] },
      { $schema: 1 },
    ];
    for (const value of bad) {
      expect(PolicyFile.safeParse(value).success, JSON.stringify(value)).toBe(false);
      agrees(value);
    }
  });

  it('agrees with the relay on anything', () => {
    const glob = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('!', '!a', 'a\0', 'src/**', '\n'));
    const limit = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 100_000, 100_001, '1', null));
    const policy = fc.record(
      {
        protect: fc.oneof(fc.array(glob, { maxLength: 3 }), fc.anything()),
        lift: fc.array(glob, { maxLength: 3 }),
        limits: fc.record({ patchBytes: limit, files: limit, fileBytes: limit }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    // A policy comes as JSON.
    fc.assert(fc.property(fc.oneof(policy, fc.object()), (value) => agrees(JSON.parse(JSON.stringify(value)))));
  });
});

describe('the policy of a job', () => {
  const by = (policy: EffectivePolicy, who: Protection['by']): Protection | undefined =>
    policy.protections.find((protection) => protection.by === who);

  it('lifts what the relay protects by the word of anybody', () => {
    const policy = effectivePolicy({ lift: ['a'] }, { ...noHostPolicy, lift: ['b'] }, ['c']);
    expect(by(policy, 'default')?.lifted).toEqual(['a', 'b', 'c']);
    expect(policy.movable).toEqual(['a', 'b', 'c']);
  });

  it('lifts what team and user protect only by their own word, or by that of the task', () => {
    const host = { ...noHostPolicy, protect: ['q'], lift: ['b'] };
    const policy = effectivePolicy({ protect: ['p'], lift: ['a'] }, host, ['c']);
    expect(by(policy, 'file')).toMatchObject({ globs: ['p'], lifted: ['a', 'c'] });
    expect(by(policy, 'host')).toMatchObject({ globs: ['q'], lifted: ['b', 'c'] });
    expect(by(policy, 'policyFile')).toMatchObject({ globs: ['.task-relay.json'], lifted: ['c'] });
  });

  it('has of two files all that is protected, what both lift, and the lesser limits', () => {
    const base = { protect: ['a', 'b'], lift: ['x', 'y'], limits: { files: 5, fileBytes: 9 } };
    const head = { protect: ['b', 'c'], lift: ['y', 'z'], limits: { files: 6, patchBytes: 7 } };
    expect(stricterFile(base, head)).toEqual({
      protect: ['a', 'b', 'c'],
      lift: ['y'],
      limits: { files: 5, fileBytes: 9, patchBytes: 7 },
    });
    expect(stricterFile(base, base)).toEqual(base);
    expect(stricterFile(base, {})).toEqual({ ...base, lift: [] });
    expect(stricterFile({}, head)).toEqual({ ...head, lift: [] });
  });

  it('has the stricter of two limits', () => {
    const limits = (file?: number, host?: number): unknown =>
      effectivePolicy(
        file === undefined ? {} : { limits: { files: file } },
        { ...noHostPolicy, limits: host === undefined ? {} : { files: host } },
        [],
      ).limits.files;
    expect(limits()).toEqual({ most: 10_000, by: 'host' });
    expect(limits(5)).toEqual({ most: 5, by: 'file' });
    expect(limits(20_000)).toEqual({ most: 10_000, by: 'host' });
    expect(limits(20_000, 30_000)).toEqual({ most: 20_000, by: 'file' });
    expect(limits(5, 4)).toEqual({ most: 4, by: 'host' });
  });
});

describe('a task that allows itself protected paths', () => {
  const spec = JobSpec.parse({ task: { title: 't' }, scope: { allowProtected: ['.npmrc', 'a b'] } });

  it('is a person’s, and is refused by name where it comes from an agent', () => {
    const policy = { agentCommands: 'allow' } as const;
    expect(refusalOf(spec, 'cli', policy)).toBeUndefined();
    expect(refusalOf(spec, 'editor', policy)).toBeUndefined();
    expect(refusalOf(spec, 'mcp', policy)).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/scope\.allowProtected \(".npmrc", "a b"\).*person/) as unknown,
    });
  });

  it('names paths and globs that are not negated', () => {
    for (const allowProtected of [[], ['!x'], [''], ['a\0'], 'x'])
      expect(JobSpec.safeParse({ task: { title: 't' }, scope: { allowProtected } }).success).toBe(false);
  });
});
