import { expect, it } from 'vitest';
import { usageMarkdown } from '../../src/protocol/usageMarkdown.ts';
import { usageReport } from '../../src/protocol/usageReport.ts';

const row = { day: '2026-01-01', executor: 'claude', attempts: 2, succeeded: 1, failed: 1, wallMs: 41_000 };

it('is a table a repository, with the sum as its last row', () => {
  const report = usageReport([
    { ...row, inputTokens: 12_345, costUsd: 0.0123, turns: 0 },
    { ...row, executor: 'my|own' },
  ]);
  expect(
    usageMarkdown([
      { name: 'one', report },
      { name: 'two', report: usageReport([]) },
    ]),
  ).toBe(`# Usage

By the day on which attempts ended, and by executor. What a program does not tell is “–”.

## one

| day (UTC) | executor | attempts | succeeded | failed | input | cached | output | cost | turns | time |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| 2026-01-01 | claude | 2 | 1 | 1 | 12,345 | – | – | $0.0123 | 0 | 41 s |
| 2026-01-01 | my\\|own | 2 | 1 | 1 | – | – | – | – | – | 41 s |
| total |  | 4 | 2 | 2 | 12,345 | – | – | $0.0123 | 0 | 1 min 22 s |

## two

No attempt has ended yet.
`);
});

it('adds up rows of the same day and executor, and keeps what nobody told untold', () => {
  const { rows, total } = usageReport([row, { ...row, outputTokens: 3 }, { ...row, day: '2025-12-31' }]);
  expect(rows).toEqual([
    { ...row, day: '2025-12-31' },
    { ...row, attempts: 4, succeeded: 2, failed: 2, wallMs: 82_000, outputTokens: 3 },
  ]);
  expect(total).toEqual({ attempts: 6, succeeded: 3, failed: 3, wallMs: 123_000, outputTokens: 3 });
});
