import type { ReasonCode } from '../../../src/domain/failure.ts';
import type { ObjectId } from '../../../src/domain/ids.ts';
import type { Changes, Judged, Judging } from '../../fixtures/judged.ts';

/** A result that a hostile executor could have left, and how it is to be refused. */
export interface Hostile {
  readonly what: string;
  /** On top of the repository's own files. */
  readonly baseline?: Changes;
  readonly result: Changes | ((judged: Judged) => ObjectId);
  readonly judging?: Judging;
  readonly code: ReasonCode;
  /** The check that refuses it; `git`: it comes to none. */
  readonly check: 'git' | 'bundle' | 'scope' | 'applies' | 'fidelity';
  readonly message: RegExp;
}

/** The repository that all of them are about. */
export const FILES = {
  'a.txt': 'one\n\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n',
  'config.json': '{}\n',
  'src/b.ts': 'export const b = 1;\n',
  'secret/key.txt': 'a key\n',
  '.npmrc': 'save-exact=true\n',
  '.github/workflows/ci.yml': 'on: push\n',
  '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = https://example.org/sub.git\n',
} as const;
