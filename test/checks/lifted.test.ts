import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Bundle } from '../../src/checks/bundle.ts';
import { judge } from '../../src/checks/pipeline.ts';
import { proveBundle } from '../../src/checks/proof.ts';
import type { SecretSource } from '../../src/checks/secretScan.ts';
import { SecretsCheck } from '../../src/checks/secrets.ts';
import { ObjectId } from '../../src/domain/ids.ts';
import { effectivePolicy, noHostPolicy } from '../../src/domain/repositoryPolicy.ts';
import { CatFile } from '../../src/git/catFile.ts';
import { difference } from '../../src/git/difference.ts';
import { proofEnvironment } from '../../src/git/environment.ts';
import { Git } from '../../src/git/git.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';
import { plantedSecrets } from './secretCorpus.ts';

const planted = plantedSecrets(55);
const textOf = (kind: string): string => planted.find((one) => one.kind === kind)?.text ?? '';

let directory: string;
let bundle: Bundle;
let inRepository: Git;

beforeAll(async () => {
  directory = temporaryDirectory();
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'one\n' });
  const baseTree = ObjectId.parse(git(repository, 'rev-parse', 'HEAD^{tree}'));
  write(repository, { 'a.txt': `one\n${textOf('GitHub classic')}\n`, 'b.txt': `${textOf('Linear')}\n` });
  commit(repository);
  const resultTree = ObjectId.parse(git(repository, 'rev-parse', 'HEAD^{tree}'));
  const env = { ...proofEnvironment(process.env, '/dev/null'), GIT_DIR: join(repository, '.git') };
  inRepository = new Git({
    ...env,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  });
  const policy = effectivePolicy({}, noHostPolicy, []);
  const objects = new CatFile(inRepository, repository);
  const { patch, changes } = must(
    await difference({ git: inRepository, objects }, baseTree, resultTree, policy.limits),
  );
  await objects.close();
  const spec = { task: { title: 'two secrets' } };
  const files = changes.map(({ file }) => file);
  const paths = changes.map(({ path }) => path);
  bundle = { spec, policy, baseTree, resultTree, patch, files, paths, ignored: [], filtered: [] };
});

afterAll(() => removeDirectory(directory));

function check(lifted: readonly string[], key = 1): SecretsCheck {
  const log = (): Promise<Buffer> => Promise.resolve(Buffer.alloc(0));
  return new SecretsCheck(bundle, inRepository, { key: Buffer.alloc(32, key), lifted: new Set(lifted), log });
}

it('a find that was lifted is told and fails nothing; another stands still, and is alone taken out', async () => {
  const first = check([]);
  expect((await first.run()).verdict).toBe('fail');
  const [token, linear] = first.finds;
  expect(first.finds.map(({ source, line }) => [source, line])).toEqual([
    ['a.txt', 2],
    ['b.txt', 1],
  ]);

  const second = check([token?.fingerprint ?? '']);
  const finding = await second.run();
  expect(second.finds).toEqual([linear]);
  expect(finding).toMatchObject({
    verdict: 'fail',
    detail: expect.stringMatching(/\nLifted: GitHub Token in "a.txt"/) as unknown,
  });
  const served = second.redactor().patch(bundle.patch).toString();
  expect(served).toContain(textOf('GitHub classic'));
  expect(served).not.toContain(textOf('Linear'));

  const third = check([token?.fingerprint ?? '', linear?.fingerprint ?? '']);
  expect(await third.run()).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(/Lifted: .*; /) as unknown,
  });
  expect(third.finds).toEqual([]);
  expect(third.redactor().patch(bundle.patch)).toBe(bundle.patch);
});

it('the fingerprint of a secret in one record says nothing of it in another', async () => {
  const [one, two] = [check([], 1), check([], 2)];
  await one.run();
  await two.run();
  expect(one.finds.map(({ preview }) => preview)).toEqual(two.finds.map(({ preview }) => preview));
  for (const { fingerprint } of one.finds) expect(two.finds.map((find) => find.fingerprint)).not.toContain(fingerprint);
});

it('a file that could not be read is not passed once the log has grown, and nothing is let through', async () => {
  const git = new Git({ ...proofEnvironment(process.env, '/dev/null'), GIT_DIR: join(directory, 'nowhere') });
  const id = '1'.repeat(40);
  const patch = Buffer.from(
    `diff --git a/x.bin b/x.bin\nnew file mode 100644\nindex ${'0'.repeat(40)}..${id}\nGIT binary patch\nliteral 0\nHcmV?d00001\n\n`,
  );
  const file = { path: 'x.bin', kind: 'added', oldMode: '000000', newMode: '100644' } as const;
  const files = [{ ...file, oldId: '0'.repeat(40), newId: id }];
  const log = (): Promise<Buffer> => Promise.resolve(Buffer.from('something was printed\n'));
  const secrets = new SecretsCheck({ ...bundle, patch, files }, git, { key: Buffer.alloc(32), lifted: new Set(), log });
  const unread = { verdict: 'fail', failure: { code: 'INTERNAL_ERROR' } };
  expect(await secrets.run()).toMatchObject(unread);
  // eslint-disable-next-line @typescript-eslint/require-await -- as a gate's output comes
  const printed = async function* (): AsyncGenerator<SecretSource> {
    yield { kind: 'file', name: 'check other', bytes: Buffer.from('nothing') };
  };
  const later = await secrets.again(printed());
  expect(later ?? unread).toMatchObject(unread);
  expect(secrets.redactor().text('anything')).toMatch(/^\[withheld: /);
});

it('a proof that throws while others look at the patch is thrown to whoever judges, and to nobody else', async () => {
  const log = async (): Promise<Buffer> => {
    // Until the proof has thrown: nobody awaits it yet.
    await expect(proveBundle(bundle, place)).rejects.toThrow();
    await new Promise(setImmediate);
    return Buffer.alloc(0);
  };
  const place = {
    git: inRepository,
    baseIndex: join(directory, 'none', 'index'),
    scratchIndex: join(directory, 'index'),
  };
  const gates = { open: () => Promise.reject(new Error('no gate is asked for')) };
  const ground = { key: Buffer.alloc(32), lifted: new Set<string>(), log };
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  await expect(judge(bundle, place, gates, ground, systemClock)).rejects.toThrow(/ENOENT/);
  process.off('unhandledRejection', hear);
  expect(unheard).toEqual([]);
});
