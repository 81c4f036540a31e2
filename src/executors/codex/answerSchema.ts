import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proposalSchema } from '../../domain/proposal.ts';

/** Not among what OpenAI's strict schemas may have: https://platform.openai.com/docs/guides/structured-outputs */
const LEFT_OUT = new Set(['$schema', 'minLength', 'maxLength']);

/** The schema of a proposal in the form that a provider takes; lengths are looked at when it is read. */
export function answerSchema(): unknown {
  return without(proposalSchema());
}

/** Writes the schema into a folder; its path. */
export async function placeSchema(folder: string): Promise<string> {
  const path = join(folder, 'codex-answer.json');
  await writeFile(path, JSON.stringify(answerSchema()));
  return path;
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, below]) => (LEFT_OUT.has(key) ? [] : [[key, without(below)]])),
  );
}
