import type { CallToolResult, Tool as ToolListing, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Result } from '../base/result.ts';
import { wrongFields } from '../protocol/wrongInput.ts';
import type { Relay } from '../protocol/relay.ts';
import type { RelayError } from '../protocol/relayError.ts';

/** What a tool acts on. */
export interface ToolContext {
  readonly relay: Relay;
  /** The repositories that a job can be for. */
  readonly workspaces: () => readonly Workspace[];
}

/** One open repository: the name of its folder, and its working tree. */
export interface Workspace {
  readonly name: string;
  readonly workspace: string;
}

export interface Tool {
  readonly listing: ToolListing;
  /** Parses, acts, and answers; wrong input and a relay's refusal are answers with `isError`. */
  call(context: ToolContext, input: unknown): Promise<CallToolResult>;
}

interface Row<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** For an agent; clients cut it at 2 KB. */
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly annotations: ToolAnnotations;
  run(context: ToolContext, input: z.output<I>): Promise<Result<z.output<O>, RelayError>>;
}

/** One tool, one row: its schemas, its effect, and the wording of each failure. */
export function tool<I extends z.ZodObject, O extends z.ZodObject>(row: Row<I, O>): Tool {
  const listing: ToolListing = {
    name: row.name,
    title: row.title,
    description: row.description,
    inputSchema: objectSchema(row.input, 'input'),
    outputSchema: objectSchema(row.output, 'output'),
    annotations: { title: row.title, ...row.annotations },
  };
  return {
    listing,
    async call(context, input) {
      const parsed = row.input.safeParse(input);
      if (!parsed.success) return failed(explainInput(row.name, parsed.error));
      const result = await row.run(context, parsed.data);
      return result.ok ? answered({ ...result.value }) : failed(result.error.message);
    },
  };
}

function answered(value: Record<string, unknown>): CallToolResult {
  return { structuredContent: value, content: [{ type: 'text', text: JSON.stringify(value) }] };
}

function failed(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}

function explainInput(name: string, error: z.ZodError): string {
  const lines = wrongFields(error).map((line) => `- ${line}`);
  return [`The input of ${name} is wrong, so nothing was done. Correct this and call again:`, ...lines].join('\n');
}

/** JSON Schema as clients take it: no dialect (their validators know draft 7 and 2020-12 alike), no noise. */
function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ToolListing['inputSchema'] {
  const json = z.toJSONSchema(schema, {
    io,
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      // z.int() bounds every integer by what a double can hold: true, and of no use to an agent.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return {
    type: 'object',
    properties: z.record(z.string(), z.looseObject({})).parse(json.properties ?? {}),
    ...(json.required === undefined ? {} : { required: json.required }),
    additionalProperties: false,
  };
}
