import { resolve } from 'node:path';
import { defineProject } from 'vitest/config';

/** Tests in a real VS Code: one after another, since each has a browser, a server and extension hosts of its own. */
export default defineProject({
  test: {
    name: 'editor',
    root: resolve(import.meta.dirname, '..', '..'),
    include: ['test/editor/**/*.test.ts'],
    globalSetup: ['test/editor/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
  },
});
