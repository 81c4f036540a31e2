import { expect, it } from 'vitest';
import * as z from 'zod';
import { answerSchema } from '../../../src/executors/codex/answerSchema.ts';

const ObjectSchema = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
  additionalProperties: z.unknown(),
});

/** Where a schema is not strict: each property is required, and no other is let in. */
function faults(schema: unknown, at = '#'): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const below = Object.entries(schema).flatMap(([key, value]) => faults(value, `${at}/${key}`));
  const parsed = ObjectSchema.safeParse(schema);
  if (!parsed.success) return below;
  const { properties, required, additionalProperties } = parsed.data;
  const isStrict = additionalProperties === false && Object.keys(properties).every((name) => required.includes(name));
  return isStrict ? below : [at, ...below];
}

it('is what strict structured output takes', () => {
  const text = JSON.stringify(answerSchema());
  expect(faults(answerSchema())).toEqual([]);
  expect(text).toContain('"testPlan"');
  expect(text).not.toMatch(/\$schema|m(?:in|ax)Length/);
});
