import { ok, type Result } from '../base/result.ts';
import type { BytePath } from '../git/path.ts';
import { blobId } from '../git/sides.ts';
import type { TreeError } from '../git/tree.ts';
import type { Found } from './fileState.ts';
import type { Fate } from './landing.ts';
import type { Stage } from './stage.ts';

/**
 * The files that a stage made other than was proven: a hunk lands where its lines are, and lines may be there twice. What is
 * the proven blob byte by byte needs no process; git is asked of the rest, for which there may be line endings in between.
 * A file with a filter program is not compared: such a program need not make the same of the same twice.
 */
export async function notAsProven(
  stage: Stage,
  made: ReadonlyMap<BytePath, Found>,
  fates: ReadonlyMap<BytePath, Fate>,
  objectFormat: 'sha1' | 'sha256',
): Promise<Result<ReadonlySet<BytePath>, TreeError>> {
  const wanted = new Map<BytePath, string>();
  for (const [path, { content }] of made) {
    const id = provenId(fates.get(path));
    if (id !== undefined && id !== blobId(content, objectFormat)) wanted.set(path, id);
  }
  if (wanted.size === 0) return ok(new Set());
  const filtered = await stage.filtered([...wanted.keys()]);
  if (!filtered.ok) return filtered;
  const asked = [...wanted.keys()].filter((path) => !filtered.value.has(path));
  const sides = await stage.sides(new Map([...made].filter(([path]) => asked.includes(path))), objectFormat);
  if (!sides.ok) return sides;
  return ok(new Set(asked.filter((path) => sides.value.get(path)?.id !== wanted.get(path))));
}

function provenId(fate: Fate | undefined): string | undefined {
  return fate?.kind === 'clean' || fate?.kind === 'merged' ? fate.after?.id : undefined;
}
