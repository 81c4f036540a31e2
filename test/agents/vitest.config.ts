import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:agents`: the real programs, which are too large for everybody's `npm test`. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '..', '..'),
    include: ['test/agents/real/**/*.test.ts'],
    globalSetup: ['test/agents/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
