import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Exited } from '../../src/process/launch.ts';
import type { Scenario } from './scenario.ts';

interface CassetteHead {
  readonly cassette: 1;
  readonly executor: string;
  readonly version: string;
  readonly scenario: string;
  readonly mode: Scenario['mode'];
}

export interface CassetteLine {
  /** Milliseconds since the program was started. */
  readonly at: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** One run of a program as it was seen: what it said, line by line, and how it ended. */
export interface Cassette {
  readonly head: CassetteHead;
  readonly lines: readonly CassetteLine[];
  readonly end: { readonly at: number; readonly exit: Exited };
}

const folder = resolve(import.meta.dirname, '..', 'executors', 'cassettes');

/** JSON lines: the head, the lines, the end. Its path, below the repository. */
export function writeCassette({ head, lines, end }: Cassette): string {
  const path = resolve(folder, head.executor, `${head.scenario}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [head, ...lines, end].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}
