import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ObjectId } from '../../src/domain/ids.ts';
import { branchBelow, createBranch } from '../../src/git/branch.ts';
import { theirsEnvironment } from '../../src/git/environment.ts';
import { Git } from '../../src/git/git.ts';
import { git, gitEnvironment, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must } from '../fixtures/testHost.ts';

const directory = temporaryDirectory();
const theirs = new Git(theirsEnvironment({ PATH: gitEnvironment.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1' }));
afterAll(() => removeDirectory(directory));

it('is not made where another has its name as a folder, and says which command failed', async () => {
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  const head = ObjectId.parse(git(repository, 'rev-parse', 'HEAD'));
  const place = { git: theirs, directory: repository, name: 'relay/x' };
  git(repository, 'branch', 'relay/xy');
  expect(must(await branchBelow(place))).toBeUndefined();
  git(repository, 'branch', 'relay/x/child');
  expect(must(await branchBelow(place))).toBe('relay/x/child');
  const made = await createBranch(place, head, 'a test');
  expect(!made.ok && made.error.message).toMatch(/^git update-ref failed/);
});
