import type { Origin } from './event.ts';
import { commandsOf, type JobSpec } from './jobSpec.ts';
import { wrongWebhook } from './webhookUrl.ts';

/** What the host lets in. */
export interface AdmissionPolicy {
  /** Whether command lines that come by MCP may run: they are code that an agent wrote. `ask`: once they are about to. */
  readonly agentCommands: 'refuse' | 'ask' | 'allow';
}

/** A spec that is well formed and is not let in. */
export interface Refusal {
  readonly kind: 'refused';
  readonly message: string;
}

/** Why a spec may not be submitted; `undefined` where it may. Pure. */
export function refusalOf(spec: JobSpec, origin: Origin, policy: AdmissionPolicy): Refusal | undefined {
  const allowed = spec.scope?.allowProtected;
  if (origin === 'mcp' && allowed !== undefined) {
    return {
      kind: 'refused',
      message: `An agent's task may not allow itself protected paths: scope.allowProtected (${allowed.map((glob) => JSON.stringify(glob)).join(', ')}). Leave it out, or have a person submit the task.`,
    };
  }
  const cassette = spec.execution?.cassette;
  if (origin === 'mcp' && cassette !== undefined) {
    const why = `An agent's task may not play a file of this machine: execution.cassette (${JSON.stringify(cassette)}). Leave it out.`;
    return { kind: 'refused', message: why };
  }
  const webhook = spec.notify?.webhook;
  const wrong =
    webhook === undefined ? undefined : wrongWebhook(webhook, origin === 'mcp' && policy.agentCommands !== 'allow');
  if (wrong !== undefined) return { kind: 'refused', message: wrong };
  const commands = commandsOf(spec);
  if (origin === 'mcp' && commands.length > 0 && policy.agentCommands === 'refuse') {
    const named = commands.map(({ field, run }) => `${field} (${JSON.stringify(run)})`).join(', ');
    return {
      kind: 'refused',
      message: `This host runs no commands from agents: ${named}. A person may submit it on the command line, or start the host with --allow-commands.`,
    };
  }
  return undefined;
}
