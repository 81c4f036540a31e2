import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';

/** Where a program runs: a small repository, and beside it a home, a configuration and a temporary folder of its own. */
export interface Ground {
  readonly root: string;
  readonly repository: string;
  readonly home: string;
  readonly config: string;
  readonly temporary: string;
  /** Writes a file below `root` that the program is to be given by its path; its path. */
  place(name: string, content: string): string;
  remove(): void;
}

const GREETING = 'export const greet = (name) => `Hello, ${name}.`;\n';

export function layGround(): Ground {
  const root = temporaryDirectory();
  const [home = '', config = '', temporary = ''] = ['home', 'config', 'tmp'].map((name) => join(root, name));
  for (const folder of [home, config, temporary]) mkdirSync(folder);
  return {
    root,
    repository: makeRepository(join(root, 'repository'), { 'greet.js': GREETING, 'README.md': 'Greets.\n' }),
    home,
    config,
    temporary,
    place: (name, content) => {
      write(root, { [name]: content });
      return join(root, name);
    },
    remove: () => removeDirectory(root),
  };
}
