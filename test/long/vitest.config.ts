import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:long`: properties in full, which take too long for every change. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '..', '..'),
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
