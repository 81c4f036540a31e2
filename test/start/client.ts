import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { JobId } from '../../src/domain/ids.ts';
import { isTerminalState } from '../../src/domain/jobState.ts';
import { JobView, Submitted } from '../../src/protocol/jobView.ts';

/** The relay as any MCP client meets it: by Streamable HTTP and a bearer token. */
export class RelayClient {
  readonly #client = new Client({ name: 'task-relay-start', version: '1' });

  async connect(url: string, token: string): Promise<void> {
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
    await this.#client.connect(asTransport(transport));
  }

  async submit(spec: Record<string, unknown>): Promise<Submitted> {
    return Submitted.parse(await this.#call('jobs_submit', { spec }));
  }

  /** Subscribes to the job's status, tells each state that comes, and resolves with the last. */
  async follow(jobId: JobId, onState: (view: JobView) => void): Promise<JobView> {
    const uri = `mcp://jobs/${jobId}/status`;
    let told = 0;
    return new Promise((resolve, reject) => {
      const look = async (): Promise<void> => {
        const view = await this.#status(uri);
        if (view.stateVersion <= told) return;
        told = view.stateVersion;
        onState(view);
        if (isTerminalState(view.state)) resolve(view);
      };
      this.#client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void look().catch(reject));
      // What happened before the subscription is pushed to nobody: hence one look of our own.
      this.#client.subscribeResource({ uri }).then(look).catch(reject);
    });
  }

  async artifact(jobId: JobId, name: string): Promise<string> {
    const answer = await this.#call('jobs_artifact', { jobId, name });
    return z.object({ text: z.string() }).parse(answer).text;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #status(uri: string): Promise<JobView> {
    const { contents } = await this.#client.readResource({ uri });
    const [content] = z.tuple([z.object({ text: z.string() })]).parse(contents);
    return JobView.parse(JSON.parse(content.text));
  }

  async #call(name: string, input: Record<string, unknown>): Promise<unknown> {
    const answer = await this.#client.callTool({ name, arguments: input });
    if (answer.isError === true) throw new Error(`${name} refused: ${JSON.stringify(answer.content)}`);
    return answer.structuredContent;
  }
}

/** The SDK's own classes miss its interface by exactOptionalPropertyTypes alone. */
function asTransport(transport: StreamableHTTPClientTransport): Parameters<Client['connect']>[0] {
  return transport;
}
