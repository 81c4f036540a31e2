import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { jsonLog } from '../../src/base/log.ts';
import { Drifts } from '../../src/engine/drift.ts';
import { Sources } from '../../src/engine/sources.ts';
import { Vault } from '../../src/store/vault.ts';
import {
  commit,
  gitEnvironment,
  makeRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

it('says in the log where a look fails by a bug, and ends nothing', async () => {
  const said: string[] = [];
  const clock = new ManualClock();
  const broken = (): never => {
    throw new TypeError('a bug');
  };
  const drifts = new Drifts({
    store: { list: broken, get: broken },
    vault: new Vault(join(directory, 'vault')),
    sources: new Sources(join(directory, 'work'), gitEnvironment),
    clock,
    log: jsonLog((line) => said.push(line), clock.now.bind(clock)),
    watch: broken,
    onChanged: broken,
  });
  drifts.start();
  await drifts.stop();
  expect(said).toMatchObject([expect.stringContaining('a bug')]);
});

/** A real git whose `status` says that it has begun, and ends when it is told to, while `held` is there. */
function heldGit(): { readonly environment: { PATH: string }; readonly hold: () => void; readonly let: () => void } {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const place = (name: string): string => `'${join(directory, name)}'`;
  execFileSync('sh', ['-c', 'mkfifo began go'], { cwd: directory });
  const script = `case "$*" in *"status --porcelain"*) if [ -e ${place('held')} ]; then echo > ${place('began')}; cat ${place('go')} > /dev/null; fi;; esac`;
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${script}\nexec '${real}' "$@"\n`);
  chmodSync(join(bin, 'git'), 0o755);
  return {
    environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    hold: () => writeFileSync(join(directory, 'held'), ''),
    let: () => rmSync(join(directory, 'held'), { force: true }),
  };
}
const began = (): Promise<string> => readFile(join(directory, 'began'), 'utf8');
const go = (): Promise<void> => writeFile(join(directory, 'go'), 'go');

it('tells who asks after a commit of that commit, though a look ahead of it still runs', async () => {
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  const git = heldGit();
  const cache = join(directory, 'cache');
  // Nobody's patience ends: what is told is what was found.
  const clock = new ManualClock();
  const host: TestHost = await openTestHost({ directory: repository, cache, environment: git.environment, clock });
  try {
    const { jobId } = await host.run(command('echo theirs > a.txt'));
    git.hold();
    const first = host.view(jobId);
    await began();
    write(repository, { 'a.txt': 'ours\n' });
    const head = commit(repository);
    const [second, third] = [host.view(jobId), host.view(jobId)];
    git.let();
    await go();
    expect((await first).drift?.state).toBe('clean');
    expect((await second).drift).toMatchObject({ state: 'conflict', head });
    expect((await third).drift).toEqual((await second).drift);
  } finally {
    await host.close();
  }
});

it('is cut off where the host closes', async () => {
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  const git = heldGit();
  const cache = join(directory, 'cache');
  const host = await openTestHost({ directory: repository, cache, environment: git.environment });
  const { jobId } = await host.run(command('echo theirs > a.txt'));
  git.hold();
  // Nobody lets go of it, as of a status that takes minutes.
  const asked = host.relay.plan({ jobIds: [jobId] });
  await began();
  await host.close();
  expect(await asked).toMatchObject({ ok: false, error: { kind: 'blocked' } });
});

it('and the order that is told with it are of one HEAD', async () => {
  const repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  const git = heldGit();
  const cache = join(directory, 'cache');
  const clock = new ManualClock();
  const host = await openTestHost({ directory: repository, cache, environment: git.environment, clock });
  try {
    const { jobId } = await host.run(command('echo theirs > a.txt'));
    git.hold();
    const asked = host.relay.plan({ jobIds: [jobId] });
    await began();
    write(repository, { 'a.txt': 'ours\n' });
    commit(repository);
    git.let();
    await go();
    const plan = must(await asked);
    expect(plan.jobs).toMatchObject([{ jobId, drift: { state: 'clean', head: plan.head } }]);
    expect(plan.order).toEqual([jobId]);
  } finally {
    await host.close();
  }
});
