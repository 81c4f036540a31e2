import { defineConfig } from 'vitest/config';

/** Folders whose tests start other programs: git, shells, or the relay itself. */
const integration = ['process', 'git', 'executors', 'checks', 'engine', 'host', 'cli', 'start', 'crash'];
const folders = integration.map((name) => `test/${name}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // One after another, from what is quick to what is slow.
    projects: [
      project('layering', 0, ['test/layering.test.ts'], []),
      project(
        'unit',
        1,
        ['test/**/*.test.ts'],
        ['test/layering.test.ts', 'test/long/**', 'test/editor/**', 'test/agents/real/**', ...folders],
      ),
      project('integration', 2, folders, [], ['test/globalSetup.ts']),
      'test/editor/vitest.config.ts',
    ],
  },
});

function project(name: string, groupOrder: number, include: string[], exclude: string[], globalSetup: string[] = []) {
  return { extends: true as const, test: { name, include, exclude, globalSetup, sequence: { groupOrder } } };
}
