import * as z from 'zod';
import type { Usage } from '../../domain/artifact.ts';

/** A key that an agent may leave out, or set to null. */
function maybe<T extends z.ZodType>(type: T) {
  return type.nullish().catch(undefined);
}

/** One of several that can be chosen: a way to sign in, a mode, a model. */
export interface Offer {
  readonly id: string;
  readonly name: string;
  readonly description?: string | null | undefined;
}

const Named = z.object({ id: z.string(), name: z.string(), description: maybe(z.string()) });

export const Initialized = z.object({
  protocolVersion: z.number(),
  agentInfo: maybe(z.object({ name: z.string(), version: maybe(z.string()) })),
  authMethods: maybe(z.array(Named)),
  agentCapabilities: maybe(z.object({ loadSession: maybe(z.boolean()) })),
});

const Modes = z
  .object({ currentModeId: z.string(), availableModes: z.array(Named) })
  .transform(({ currentModeId, availableModes }) => ({ current: currentModeId, offers: availableModes }));

/** How agents offered models before they were an option of a session. */
const Models = z
  .object({ availableModels: z.array(z.object({ modelId: z.string(), name: z.string() })) })
  .transform(({ availableModels }) => ({ offers: availableModels.map(({ modelId: id, name }) => ({ id, name })) }));

const Value = z
  .object({ value: z.string(), name: z.string() })
  .transform(({ value: id, name }): readonly Offer[] => [{ id, name }]);
const Group = z.object({ options: z.array(Value) }).transform(({ options }): readonly Offer[] => options.flat());

const ConfigOption = z
  .object({ id: z.string(), category: maybe(z.string()), options: maybe(z.array(z.union([Value, Group]))) })
  .transform(({ id, category, options }) => ({ id, category, offers: (options ?? []).flat() }));

export const Opened = z.object({
  sessionId: z.string(),
  modes: maybe(Modes),
  models: maybe(Models),
  configOptions: maybe(z.array(ConfigOption)),
});
export type Opened = z.infer<typeof Opened>;

/** Of one that goes on, its id is known; some answer with nothing at all. */
export const Loaded = z.preprocess((answer) => answer ?? {}, Opened.omit({ sessionId: true }));

const count = z.int().min(0).optional().catch(undefined);
const Tokens = z.object({ inputTokens: count, outputTokens: count, cachedReadTokens: count });
/** Where Gemini tells it. */
const Quota = z.object({ quota: z.object({ token_count: z.object({ input_tokens: count, output_tokens: count }) }) });

export const Prompted = z.object({
  stopReason: z.string(),
  /** Null is not the same as nothing: an agent that always tells it has had no answer of its model. */
  usage: Tokens.nullish().catch(undefined),
  _meta: maybe(Quota),
});
export type Prompted = z.infer<typeof Prompted>;

/** Tokens of the turn, where the agent tells them. */
export function tokensOf({ usage, _meta }: Prompted): Usage {
  const told = _meta?.quota.token_count;
  const [input, output] = [usage?.inputTokens ?? told?.input_tokens, usage?.outputTokens ?? told?.output_tokens];
  return {
    ...(input === undefined ? {} : { inputTokens: input }),
    ...(usage?.cachedReadTokens === undefined ? {} : { cachedInputTokens: usage.cachedReadTokens }),
    ...(output === undefined ? {} : { outputTokens: output }),
  };
}
