import type { Log } from '../base/log.ts';
import type { GivenSecret } from '../checks/givenSecrets.ts';
import { executorEnvironment } from '../process/environment.ts';
import { environmentNames } from '../process/environmentNames.ts';

/** Variables of the relay's own environment that a user lets through to executors, setup and gates. */
export interface LetThrough {
  readonly names: readonly string[];
  /** Their values: programs may print them. */
  readonly secrets: readonly GivenSecret[];
}

/** Shorter values are no secrets, and stand everywhere. */
const SHORTEST_SECRET = 8;

/** Reads the names anew at each call. What is wrong with them is logged once, until it changes. */
export function lettingThrough(
  environment: Readonly<Record<string, string | undefined>>,
  given: () => unknown,
  log: Log,
): () => LetThrough {
  let said = '';
  return () => {
    const { names, refused } = environmentNames(given());
    if (refused.join(' ') !== said) for (const why of refused) log.write('warn', why);
    said = refused.join(' ');
    return { names, secrets: secretsOf(environment, names) };
  };
}

/** What comes through by its name alone: what comes through in any case is no secret. */
function secretsOf(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): readonly GivenSecret[] {
  const own = { temporary: '', mark: '' };
  const usual = executorEnvironment(environment, own);
  return Object.entries(executorEnvironment(environment, { ...own, extra: names }))
    .filter(([name, value]) => usual[name] === undefined && value.length >= SHORTEST_SECRET)
    .map(([name, value]) => ({ name, value }));
}
