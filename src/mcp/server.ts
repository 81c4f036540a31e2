import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/result.ts';
import { JobId } from '../domain/ids.ts';
import { listResources, readResource, requireWatchable, templates } from './resources.ts';
import { INTERNAL, INVALID_PARAMS, RpcError } from './rpcError.ts';
import type { ToolContext } from './tool.ts';
import { tools } from './tools.ts';
import { MOST_WATCHES, type Watches } from './watches.ts';

export interface ServerOptions extends ToolContext {
  readonly version: string;
  readonly log: Log;
}

/** What a session keeps beside its tools. */
export interface SessionSide {
  readonly watches: Watches;
  /** The session has submitted this job. */
  readonly onSubmitted: (jobId: JobId) => void;
}

const instructions = `Task Relay runs coding tasks in the background and gives back patches that it has proven.
1. jobs_submit hands over a task and answers at once with a jobId. Say in task.description all that the job must know.
2. Poll jobs_get (every few seconds), or subscribe to mcp://jobs/{jobId}/status. Go on with other work meanwhile.
3. SUCCEEDED: read out.md, then patch.diff, with jobs_artifact. FAILED: reasonCode and message in jobs_get say why; logs.txt has what ran. Then jobs_retry, or a better jobs_submit. To have a patch gone on with: jobs_follow_up.
4. WAITING: the job asks something; jobs_get has the question, jobs_answer answers it (or a person does).
5. jobs_cancel stops what is no longer wanted; jobs_list finds what was submitted before, jobs_executors tells what can run tasks here.
No tool waits for a job. A job starts from the commit at HEAD, not from unsaved or uncommitted work (unless spec.repo says include: "uncommitted"), and the user's files change only when the user applies the patch.
Send an idempotencyKey with jobs_submit when you may repeat the call.`;

/** The MCP server of one session: the tools and resources over the relay, and this session's own watches. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- McpServer can not keep subscriptions per session and doubles the bundle
export function createServer(options: ServerOptions, { watches, onSubmitted }: SessionSide): Server {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
  const server = new Server(
    // No title: VS Code would name the tools by it, and cut it short.
    { name: 'task-relay', version: options.version },
    { capabilities: { tools: {}, resources: { subscribe: true } }, instructions },
  );
  const guarded = <T>(answer: () => Promise<T>): Promise<T> => guard(options.log, answer);
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map((tool) => tool.listing) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    guarded(async () => {
      const answer = await callTool(options, params.name, params.arguments ?? {});
      const submitted = submits.has(params.name) ? JobId.safeParse(answer.structuredContent?.['jobId']) : undefined;
      if (submitted?.success === true) onSubmitted(submitted.data);
      return answer;
    }),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => templates);
  server.setRequestHandler(ListResourcesRequestSchema, () => guarded(() => listResources(options.relay)));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) =>
    guarded(() => readResource(options.relay, params.uri)),
  );
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => guarded(() => watch(options, watches, params.uri)));
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    watches.remove(params.uri);
    return {};
  });
  return server;
}

/** The tools that answer with a new job. */
const submits: ReadonlySet<string> = new Set(['jobs_submit', 'jobs_retry', 'jobs_rebase', 'jobs_follow_up']);

async function callTool(options: ServerOptions, name: string, input: unknown) {
  const tool = tools.find((one) => one.listing.name === name);
  if (tool !== undefined) return tool.call(options, input);
  const names = tools.map((one) => one.listing.name).join(', ');
  throw new RpcError(INVALID_PARAMS, `there is no tool "${name}": the tools are ${names}`);
}

async function watch(options: ServerOptions, watches: Watches, uri: string): Promise<Record<string, never>> {
  const before = watches.has(uri);
  if (!watches.add(uri))
    throw new RpcError(INVALID_PARAMS, `a session can watch ${MOST_WATCHES} resources: unsubscribe from some first`);
  try {
    // After the watch has begun: what changes during this look is told as well.
    await requireWatchable(options.relay, uri);
  } catch (thrown) {
    if (!before) watches.remove(uri);
    throw thrown;
  }
  return {};
}

/** Lets answers that are errors through; an exception is a bug: it is logged, and its text is kept from the client. */
async function guard<T>(log: Log, answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (thrown) {
    if (thrown instanceof RpcError) throw thrown;
    log.write('error', 'a request by MCP failed', { error: messageOf(thrown) });
    throw new RpcError(INTERNAL, "the relay failed at this request: see the relay's log, then try again");
  }
}
