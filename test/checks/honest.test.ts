import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Judged } from '../fixtures/judged.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { honest } from './corpus/honest.ts';
import { FILES } from './corpus/hostile.ts';

let place: string;
let repository: string;
/** The files as they are. */
let plain: Judged;

beforeAll(() => {
  place = temporaryDirectory();
  repository = makeRepository(join(place, 'repository'), FILES);
  plain = new Judged(repository);
});
afterAll(async () => {
  await plain.close();
  removeDirectory(place);
});

it.each(honest.map((one) => [one.what, one] as const))('honest: %s', async (_what, { baseline, result, judging }) => {
  const judged = baseline === undefined ? plain : new Judged(repository, baseline);
  try {
    const { checks, failure } = await judged.judge(result, judging);
    expect(failure).toBeUndefined();
    expect(checks.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'bundle pass',
      'scope pass',
      'secrets pass',
      'applies pass',
      'fidelity pass',
    ]);
  } finally {
    if (judged !== plain) await judged.close();
  }
});
