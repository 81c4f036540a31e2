import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import type { JobId, ObjectId } from '../../src/domain/ids.ts';
import { until } from '../../src/process/waiting.ts';
import { openStore } from '../../src/store/openStore.ts';
import { Vault } from '../../src/store/vault.ts';
import { startChildHost } from '../fixtures/childHost.ts';
import { configured } from '../fixtures/gitUser.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { assets, command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let repository: string;
let cache: string;
let head: string;

beforeAll(() => {
  directory = temporaryDirectory();
  repository = makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  head = git(repository, 'rev-parse', 'HEAD');
  cache = configured(join(directory, 'cache'));
});
afterAll(() => removeDirectory(directory));

const open = (): Promise<TestHost> => openTestHost({ directory: repository, cache });

const branches = (): string[] =>
  git(repository, 'for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/relay')
    .split('\n')
    .filter(Boolean);

interface Delivered {
  readonly jobId: JobId;
  readonly name: string;
  readonly commit: ObjectId;
}

/** A job whose branch was made, and the host closed. */
async function delivered(): Promise<Delivered> {
  const host = await open();
  const { jobId } = await host.run(command('echo x > x.txt'));
  const done = must(await host.relay.apply({ jobId, origin: 'cli', dryRun: false, branch: { from: 'baseline' } }));
  await host.close();
  if (done.branch === undefined) throw new Error('no branch');
  return { jobId, ...done.branch };
}

/** Writes events as a host would have that died just after. */
async function append(
  jobId: JobId,
  ...types: readonly ('undoStarted' | 'undone' | 'deliveryStarted')[]
): Promise<void> {
  const record = join(repository, '.git', 'task-relay');
  const vault = new Vault(join(record, 'vault'));
  const store = must(await openStore({ directory: record, assets, vault, log: silentLog }));
  const job = must(await store.get(jobId));
  if (job.state !== 'SUCCEEDED' || job.delivery.state === 'none') throw new Error('not delivered');
  const { receipt, branch = '' } = job.delivery;
  for (const type of types) {
    const event: JobEvent =
      type === 'deliveryStarted'
        ? { type, receipt, by: 'cli', branch }
        : type === 'undone'
          ? { type }
          : { type, by: 'cli' };
    must(await store.append(jobId, event, systemClock.now()));
  }
  await store.close();
}

async function recovered(jobId: JobId, delivery: string): Promise<void> {
  const host = await open();
  expect(await host.view(jobId)).toMatchObject({ delivery });
  if (delivery === 'applied') must(await host.relay.undo({ jobId, origin: 'cli' }));
  await host.close();
  await expectNothingLeft(host.host.places);
}

describe('a branch whose delivery was cut off', () => {
  it('is delivered where it stands', async () => {
    const { jobId } = await delivered();
    await append(jobId, 'undoStarted', 'undone', 'deliveryStarted');
    await recovered(jobId, 'applied');
    expect(branches()).toEqual([]);
  });

  it('is taken back where it does not, and a lock of its ref with it', async () => {
    const { jobId, name, commit: id } = await delivered();
    await append(jobId, 'undoStarted', 'undone', 'deliveryStarted');
    git(repository, 'update-ref', '-d', `refs/heads/${name}`, id);
    write(repository, { [`.git/refs/heads/${name}.lock`]: '' });
    await recovered(jobId, 'undone');
    expect(branches()).toEqual([]);
    expect(existsSync(join(repository, `.git/refs/heads/${name}.lock`))).toBe(false);
  });

  it('is delivered where the user has committed on it since', async () => {
    const { jobId, name, commit: id } = await delivered();
    await append(jobId, 'undoStarted', 'undone', 'deliveryStarted');
    git(repository, 'switch', '-q', name);
    write(repository, { 'n.txt': 'n\n' });
    const more = commit(repository);
    git(repository, 'switch', '-q', 'main');
    const host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applied', branch: name });
    const refused = await host.relay.undo({ jobId, origin: 'cli' });
    expect(!refused.ok && refused.error.message).toContain('has moved since');
    expect(branches()).toEqual([`${name} ${more}`]);
    git(repository, 'update-ref', `refs/heads/${name}`, id);
    must(await host.relay.undo({ jobId, origin: 'cli' }));
    await host.close();
  });

  it('is taken back where another of the name came in between, which stays', async () => {
    const { jobId, name } = await delivered();
    await append(jobId, 'undoStarted', 'undone', 'deliveryStarted');
    git(repository, 'update-ref', `refs/heads/${name}`, head);
    await recovered(jobId, 'undone');
    expect(branches()).toEqual([`${name} ${head}`]);
    git(repository, 'branch', '-q', '-D', name);
  });
});

describe('a branch whose undo was cut off', () => {
  it('is deleted', async () => {
    const { jobId } = await delivered();
    await append(jobId, 'undoStarted');
    await recovered(jobId, 'undone');
    expect(branches()).toEqual([]);
  });

  it('is undone where it was deleted', async () => {
    const { jobId, name } = await delivered();
    await append(jobId, 'undoStarted');
    git(repository, 'branch', '-q', '-D', name);
    await recovered(jobId, 'undone');
  });

  it('stays where the user is on it by now, and can be undone when they are not', async () => {
    const { jobId, name } = await delivered();
    await append(jobId, 'undoStarted');
    git(repository, 'switch', '-q', name);
    const host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undoing', branch: name });
    git(repository, 'switch', '-q', 'main');
    must(await host.relay.undo({ jobId, origin: 'cli' }));
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
    await host.close();
    expect(branches()).toEqual([]);
  });
});

/** A git that waits ahead of one of its commands, or after it, until it is killed. */
function haltingGit(): {
  readonly path: string;
  halt(when: 'ahead' | 'after', at: string): void;
  reached(): Promise<void>;
} {
  const folder = join(directory, 'bin');
  const [orders, mark] = [join(directory, 'orders'), join(directory, 'reached')];
  const real = join(git(directory, '--exec-path'), 'git');
  write(folder, {
    git: [
      '#!/bin/sh',
      `read when at < ${orders}`,
      `halt() { case " $* " in *" $at "*refs/heads/relay/*|*" $at -q "*) touch ${mark}; exec sleep 1000;; esac; }`,
      '[ "$when" = ahead ] && halt "$@"',
      `[ "$when" = after ] || exec ${real} "$@"`,
      `${real} "$@"`,
      'code=$?',
      'halt "$@"',
      'exit $code',
      '',
    ].join('\n'),
  });
  chmodSync(join(folder, 'git'), 0o755);
  writeFileSync(orders, 'never nothing\n');
  return {
    path: `${folder}:${process.env['PATH'] ?? ''}`,
    halt: (when, at) => writeFileSync(orders, `${when} ${at}\n`),
    reached: async () => {
      if (!(await until(() => Promise.resolve(existsSync(mark)), 20_000, systemClock)))
        throw new Error('git did not halt');
    },
  };
}

it.each([
  ['ahead', 'unpack-objects', 'undone'],
  ['after', 'unpack-objects', 'undone'],
  ['ahead', 'update-ref', 'undone'],
  ['after', 'update-ref', 'applied'],
] as const)('a host that is killed %s of %s has made all of it or nothing', async (when, at, delivery) => {
  removeDirectory(join(directory, 'reached'));
  const halting = haltingGit();
  const child = await startChildHost({ directory: repository, cache, environment: { PATH: halting.path } });
  const { jobId } = await child.run(command('echo x > x.txt'));
  halting.halt(when, at);
  const unanswered = child.commit(jobId).catch(() => undefined);
  await halting.reached();
  await child.kill();
  await unanswered;
  await recovered(jobId, delivery);
  expect(branches()).toEqual([]);
  expect(git(repository, 'fsck', '--full', '--strict', '--no-dangling')).toBe('');
});

it('is offered again after a recovery, on a HEAD that has moved', async () => {
  const { jobId } = await delivered();
  await append(jobId, 'undoStarted');
  write(repository, { 'b.txt': 'b\n' });
  const moved = commit(repository);
  const host = await open();
  const done = must(await host.relay.apply({ jobId, origin: 'cli', dryRun: false, branch: { from: 'head' } }));
  expect(git(repository, 'rev-parse', `${done.branch?.commit ?? ''}^`)).toBe(moved);
  must(await host.relay.undo({ jobId, origin: 'cli' }));
  await host.close();
});
