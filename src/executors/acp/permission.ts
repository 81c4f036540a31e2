import * as z from 'zod';
import type { Ask } from '../../domain/executor.ts';
import type { ExecutorSettings } from '../../domain/executorSettings.ts';
import type { Known } from './transcript.ts';
import { ToolCall } from './update.ts';

export const PermissionRequest = z.object({
  toolCall: ToolCall,
  options: z.array(z.object({ optionId: z.string(), name: z.string(), kind: z.string() })),
});
export type PermissionRequest = z.infer<typeof PermissionRequest>;

export interface Terms {
  readonly isReadOnly: boolean;
  readonly permissions: ExecutorSettings['permissions'];
}

/** What the job's terms say to a call: a person decides where it is `ask`. */
export type Decision = 'allow' | 'refuse' | 'ask';

/**
 * Pure. `areInside`: whether the call tells paths, and all of them are in the slot; undefined where it tells none. This is
 * no fence: an agent need not ask, nor do what it asked for. What it leaves in the slot is looked at as anybody's.
 */
export function decide({ kind }: Pick<Known, 'kind'>, areInside: boolean | undefined, terms: Terms): Decision {
  const byTerms: Decision = terms.permissions;
  switch (kind) {
    case 'edit':
    case 'delete':
    case 'move':
      if (terms.isReadOnly || areInside === false) return 'refuse';
      return areInside === true ? 'allow' : byTerms;
    case 'read':
    case 'search':
      return areInside === false ? byTerms : 'allow';
    case 'think':
      return 'allow';
    case 'switch_mode':
      // Modes differ in what is asked for: the settings choose it, not the agent.
      return 'refuse';
    default:
      return byTerms;
  }
}

/** For this once, never for good: the next call is asked for again. Undefined where the agent offers no such answer. */
export function optionFor(decision: 'allow' | 'refuse', { options }: PermissionRequest): string | undefined {
  const kinds = decision === 'allow' ? ['allow_once'] : ['reject_once', 'reject_always'];
  return kinds.flatMap((kind) => options.filter((option) => option.kind === kind))[0]?.optionId;
}

export const ALLOW = 'allow';
const REFUSE = 'refuse';

/** Characters of a command that a question shows. */
const SHOWN_COMMAND = 2000;

export function questionOf(agent: string, { title, kind }: Known, { toolCall }: PermissionRequest): Ask {
  const command = commandOf(toolCall.rawInput);
  const more = command === undefined || title.includes(command) ? '' : `: ${command.slice(0, SHOWN_COMMAND)}`;
  const what = `${agent} asks for leave (${kind}): ${title.slice(0, SHOWN_COMMAND)}${more}`;
  return { text: what, choices: [ALLOW, REFUSE], fallback: REFUSE, personsOnly: true };
}

const Input = z.object({ command: z.union([z.string(), z.array(z.string())]) });

/** Agents that run a command call it so. */
function commandOf(rawInput: unknown): string | undefined {
  const parsed = Input.safeParse(rawInput);
  if (!parsed.success) return undefined;
  const { command } = parsed.data;
  return typeof command === 'string' ? command : command.join(' ');
}
