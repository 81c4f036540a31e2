import type { Exited } from '../../src/process/launch.ts';
import type { Script } from './model/script.ts';

/** One run of a program: what it is asked for, what the model does, and what must have come of it. */
export interface Scenario {
  readonly mode: 'read-only' | 'workspace-write';
  readonly script: Script;
  /** More arguments, before the last of the usual ones. */
  readonly args?: readonly string[];
  /** Over the usual environment; undefined takes a name out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command that the program is started by: its words come before the program's path. */
  readonly under?: readonly string[];
  /** Ended by SIGTERM to its group once the model was asked: it would wait for ever. */
  readonly isEnded?: boolean;
  readonly exit: Exited;
  /** What `git status --porcelain` says afterwards. */
  readonly changes?: readonly string[];
  /** A piece of each of the lines that tell this ending from others, in their order. */
  readonly says: readonly string[];
  /** Whether processes outlive the program, for whoever started it to end. */
  readonly leaves?: boolean;
}

export const SUCCEEDED: Exited = { kind: 'exited', exitCode: 0 };
export const FAILED: Exited = { kind: 'exited', exitCode: 1 };

/** 2100-01-01T00:00:00Z, in seconds: a reset that lies ahead whenever the scenario is run. */
export const RESET = 4_102_444_800;

/** What a program is asked for by the scenarios that ask for a proposal. */
export const proposalSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['edits', 'files', 'deletions', 'testPlan', 'notes'],
  properties: {
    edits: listOf({ path: text(), oldText: text(), newText: text() }),
    files: listOf({ path: text(), content: text() }),
    deletions: { type: 'array', items: text() },
    testPlan: text(),
    notes: text(),
  },
} as const;

function text() {
  return { type: 'string' } as const;
}

/** Each property required and no other let in: what strict structured output asks for. */
function listOf(properties: Readonly<Record<string, unknown>>) {
  const items = { type: 'object', additionalProperties: false, required: Object.keys(properties), properties } as const;
  return { type: 'array', items } as const;
}

/** A proposal that applies to greet.js of the ground, and one that names lines that are not there. */
export const proposal = {
  edits: [{ path: 'greet.js', oldText: 'Hello', newText: 'Hi' }],
  files: [{ path: 'test/greet.test.js', content: "import '../greet.js';\n" }],
  deletions: ['README.md'],
  testPlan: 'Call greet and look at its first word.',
  notes: 'The word is shorter.',
} as const;

export const conflicting = {
  ...proposal,
  edits: [{ path: 'greet.js', oldText: 'Good morning', newText: 'Hi' }],
  files: [],
  deletions: [],
} as const;
