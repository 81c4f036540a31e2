import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bundleFile, bundleText } from './l10n.ts';

it('the base of translations has the texts of the code: `npm run l10n` writes it', () => {
  expect(readFileSync(bundleFile, 'utf8')).toBe(bundleText());
  expect(Object.keys(JSON.parse(bundleText()) as object)).toContain('Applied {0} of "{1}".');
});
