import * as z from 'zod';
import { Sandbox } from './jobSpec.ts';

const program = z.string().min(1).max(4096).describe('the path of the program, or its name in PATH');
const model = z.string().min(1).max(200);

const Codex = z.strictObject({
  program: program.default('codex'),
  /** What a spec without `execution.sandbox` means. */
  sandbox: Sandbox.default('read-only'),
  model: model.optional(),
});

const Claude = z.strictObject({
  program: program.default('claude'),
  sandbox: Sandbox.default('workspace-write'),
  model: model.optional(),
  maxTurns: z.int().min(1).max(1000).default(50),
});

/** An agent that speaks the Agent Client Protocol. */
const AcpAgent = z.strictObject({
  /** The program and its arguments. */
  command: z.array(z.string().min(1)).min(1),
  /** The method to sign in by, where the agent asks for one. */
  auth: z.string().optional(),
  /** The mode of its sessions, where it has several. */
  mode: z.string().optional(),
  model: model.optional(),
});

/** How the user wants executors to run: the setting relay.executors, or the file that --executors names. */
export const ExecutorSettings = z.strictObject({
  /** Which are tried, first to last, for a task that names none. */
  order: z.array(z.string().min(1)).optional(),
  codex: Codex.prefault({}),
  claude: Claude.prefault({}),
  /** By the name that a spec gives as executor; one of a preset's name takes its place. */
  acp: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), AcpAgent).default({}),
  /** What an agent may do that asks first, besides editing files in its slot. */
  permissions: z.enum(['ask', 'allow', 'refuse']).default('ask'),
});
export type ExecutorSettings = z.infer<typeof ExecutorSettings>;

/** Where the user has set nothing. */
export const defaultExecutorSettings: ExecutorSettings = ExecutorSettings.parse({});
