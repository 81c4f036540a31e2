import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Judged } from '../fixtures/judged.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { FILES, type Hostile } from './corpus/hostile.ts';
import { links } from './corpus/links.ts';
import { paths } from './corpus/paths.ts';
import { protections } from './corpus/protections.ts';
import { sizes } from './corpus/sizes.ts';

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

/** The reason that each message was given for. */
const told = new Map<string, string>();

describe.each([
  ['a path', paths],
  ['a link', links],
  ['what is protected', protections],
  ['what is too large or cannot be carried', sizes],
])('hostile: %s', (_name, corpus) => {
  it.each(corpus.map((hostile) => [hostile.what, hostile] as const))('%s', async (_what, hostile) => {
    const judged = hostile.baseline === undefined ? plain : new Judged(repository, hostile.baseline);
    try {
      const verdict = await judged.judge(resultOf(hostile, judged), hostile.judging);
      expect(verdict.failure).toMatchObject({
        code: hostile.code,
        message: expect.stringMatching(hostile.message) as unknown,
      });
      const failed = verdict.checks.filter((check) => check.verdict === 'fail');
      expect(failed.map(({ name }) => name)).toEqual(hostile.check === 'git' ? [] : [hostile.check]);
      expect(failed[0]?.detail ?? verdict.failure?.message).toContain(verdict.failure?.message);
      // What is refused for another reason is told otherwise.
      const message = verdict.failure?.message ?? '';
      expect(told.get(message) ?? hostile.message.source).toBe(hostile.message.source);
      told.set(message, hostile.message.source);
    } finally {
      if (judged !== plain) await judged.close();
    }
  });
});

function resultOf({ result }: Hostile, judged: Judged): Parameters<Judged['judge']>[0] {
  return typeof result === 'function' ? result(judged) : result;
}
