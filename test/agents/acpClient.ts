import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import * as z from 'zod';

/** As much of the Agent Client Protocol as one prompt needs, in the words of the wire: https://agentclientprotocol.com */
export interface AcpRun {
  readonly stopReason: string;
  /** The methods that the agent called here, in order. */
  readonly called: readonly string[];
}

export interface AcpCommand {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly authentication?: string;
}

const Message = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const Permission = z.object({ options: z.array(z.object({ optionId: z.string(), kind: z.string() })) });
const Read = z.object({ path: z.string() });
const Write = Read.extend({ content: z.string() });
const Session = z.object({ sessionId: z.string() });
const Prompted = z.object({ stopReason: z.string() });

/** Leads an agent through one prompt: allows once what it asks, and reads and writes files for it. Ends it by its stdin. */
export async function promptOnce(command: AcpCommand, text: string): Promise<AcpRun> {
  const { executable, args, env, cwd, authentication } = command;
  const child = spawn(executable, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const called: string[] = [];
  const waiting = new Map<unknown, (answer: z.infer<typeof Message>) => void>();
  const send = (message: unknown): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = Message.parse(JSON.parse(line));
    if (message.method === undefined) waiting.get(message.id)?.(message);
    else {
      called.push(message.method);
      if (message.id !== undefined)
        send({ jsonrpc: '2.0', id: message.id, ...answered(message.method, message.params) });
    }
  });
  const ask = async (method: string, params: unknown): Promise<unknown> => {
    const id = waiting.size + 1;
    const answer = new Promise<z.infer<typeof Message>>((resolve) => waiting.set(id, resolve));
    send({ jsonrpc: '2.0', id, method, params });
    const { result, error } = await Promise.race([answer, gone]);
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  };
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error('the agent has ended')));
  });
  gone.catch(() => undefined);
  try {
    const fs = { readTextFile: true, writeTextFile: true };
    await ask('initialize', { protocolVersion: 1, clientCapabilities: { fs, terminal: false } });
    if (authentication !== undefined) await ask('authenticate', { methodId: authentication });
    const { sessionId } = Session.parse(await ask('session/new', { cwd, mcpServers: [] }));
    const prompt = [{ type: 'text', text }];
    return { ...Prompted.parse(await ask('session/prompt', { sessionId, prompt })), called };
  } finally {
    child.stdin.end();
  }
}

function answered(method: string, params: unknown): { readonly result: unknown } | { readonly error: unknown } {
  switch (method) {
    case 'session/request_permission': {
      const { options } = Permission.parse(params);
      const optionId = options.find(({ kind }) => kind === 'allow_once')?.optionId;
      return { result: { outcome: { outcome: 'selected', optionId } } };
    }
    case 'fs/read_text_file':
      return { result: { content: readFileSync(Read.parse(params).path, 'utf8') } };
    case 'fs/write_text_file': {
      const { path, content } = Write.parse(params);
      writeFileSync(path, content);
      return { result: null };
    }
    default:
      return { error: { code: -32601, message: `${method} is not offered here` } };
  }
}
