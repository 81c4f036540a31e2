import * as z from 'zod';
import { Spent } from '../domain/spent.ts';

const Day = z.iso.date().describe('YYYY-MM-DD, UTC');

/** Of which days; both ends are included. */
export const UsageInput = z.strictObject({ since: Day.optional(), until: Day.optional() });

const figures = {
  attempts: z.int().describe('runs of an executor that ended, however; those that were stopped or lost are the rest'),
  succeeded: z.int(),
  failed: z.int(),
  ...Spent.shape,
};

/** What the attempts of one executor cost that ended on one day. */
export const UsageRow = z.strictObject({
  day: z.string().describe('YYYY-MM-DD, UTC: when the attempt ended'),
  executor: z.string(),
  ...figures,
});
export type UsageRow = z.infer<typeof UsageRow>;

export const UsageTotal = z.strictObject(figures);
export type UsageTotal = z.infer<typeof UsageTotal>;

/** By day, then executor, and their sum. A figure is missing where no program told it, which is not the same as zero. */
export const UsageReport = z.strictObject({ rows: z.array(UsageRow), total: UsageTotal });
export type UsageReport = z.infer<typeof UsageReport>;
