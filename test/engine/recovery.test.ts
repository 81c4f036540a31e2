import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { sha256 } from '../../src/base/canonical.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { JobEvent } from '../../src/domain/event.ts';
import { Digest, type JobId } from '../../src/domain/ids.ts';
import { find } from '../../src/engine/fileState.ts';
import { Receipt } from '../../src/engine/receipt.ts';
import type { Places } from '../../src/host/places.ts';
import { procfs } from '../../src/process/procfs.ts';
import { until } from '../../src/process/waiting.ts';
import type { JobStore } from '../../src/store/jobStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { Vault } from '../../src/store/vault.ts';
import { startChildHost, type ChildHost } from '../fixtures/childHost.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import {
  makeRepository,
  photograph,
  photographFiles,
  photographRepository,
  removeDirectory,
  temporaryDirectory,
  write,
} from '../fixtures/repository.ts';
import { assets, command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

// Many jobs in one test: a machine that is busy takes its time.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let repository: string;
let cache: string;
let number = 0;

beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => removeDirectory(directory));

function freshRepository(): void {
  number += 1;
  cache = join(directory, `cache${String(number)}`);
  repository = makeRepository(join(directory, `repo${String(number)}`), {
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'src/c.txt': 'c\n',
    'lonely/d.txt': 'd\n',
  });
}

const open = (): Promise<TestHost> => openTestHost({ directory: repository, cache });

/** A command that runs until its first attempt is over. */
const STUBBORN = `trap "" TERM; echo x > x.txt; mkdir "$TMPDIR/left"; if [ -e $HOME/again ]; then exit 0; fi; touch $HOME/again; setsid sleep 1000 & echo started; sleep 1000 & wait; wait`;

describe('a host that ends while a job runs', () => {
  it('hands it on to the next, where it closes', async () => {
    freshRepository();
    const before = photographRepository(repository);
    const first = await open();
    const { jobId } = must(await first.submit(command(STUBBORN)));
    const waiting = must(await first.submit(command('echo y > y.txt'))).jobId;
    const third = must(await first.submit(command('echo z > z.txt'))).jobId;
    await first.logged(jobId, 'started');
    await first.close();
    await expectNothingLeft(first.host.places);
    const second = await open();
    expect(await second.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2, files: [{ path: 'x.txt' }] });
    expect(await second.ended(waiting)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await second.ended(third)).toMatchObject({ state: 'SUCCEEDED' });
    expect(photographRepository(repository)).toEqual(before);
    await second.close();
    await expectNothingLeft(second.host.places);
  });

  it('leaves it to the next, where it is killed', async () => {
    freshRepository();
    const before = photographRepository(repository);
    const first = await startChildHost({ directory: repository, cache });
    const jobId = await first.submit(command(STUBBORN));
    await first.logged(jobId, 'started');
    const { recordId } = first.places;
    await first.kill();
    expect((await procfs.marked(recordId)).length).toBeGreaterThan(0);
    const second = await open();
    expect((await procfs.marked(`${recordId}/${jobId}/1`)).map((row) => row.pid)).toEqual([]);
    expect(await second.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2, files: [{ path: 'x.txt' }] });
    const events = must(await second.relay.events({ jobId })).entries.map((entry) => entry.event.type);
    expect(events).toEqual(['submitted', 'leased', 'attemptLost', 'leased', 'succeeded']);
    expect(photographRepository(repository)).toEqual(before);
    await second.close();
    await expectNothingLeft(second.host.places);
  });

  it('ends in a failure where it is lost time and again', async () => {
    freshRepository();
    let jobId: JobId | undefined;
    for (let host = 0; host < 4; host++) {
      const child = await startChildHost({ directory: repository, cache });
      jobId ??= await child.submit(command('echo started; sleep 1000'));
      await child.logged(jobId, 'started');
      await child.kill();
    }
    const last = await open();
    if (jobId === undefined) throw new Error('no job');
    expect(await last.ended(jobId)).toMatchObject({ state: 'FAILED', reasonCode: 'INTERNAL_ERROR', attempt: 4 });
    await last.close();
    await expectNothingLeft(last.host.places);
  });

  it('hands it on as often as it is stopped', async () => {
    freshRepository();
    let jobId: JobId | undefined;
    for (let host = 0; host < 5; host++) {
      const opened = await open();
      jobId ??= must(
        await opened.submit(command('echo started; test -e $HOME/enough || sleep 1000; echo x > x')),
      ).jobId;
      await opened.logged(jobId, 'started');
      await opened.close();
    }
    if (jobId === undefined) throw new Error('no job');
    write(join(cache, 'home'), { enough: '' });
    const last = await open();
    expect(await last.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 6 });
    await last.close();
    await expectNothingLeft(last.host.places);
  });

  it('leaves no git of its own behind that goes on working in a slot', async () => {
    freshRepository();
    // A git that says when it begins to write the tree of an attempt, and then hangs.
    const bin = join(directory, `bin${String(number)}`);
    const home = join(directory, `home${String(number)}`);
    write(home, { '.keep': '' });
    write(bin, {
      git: `#!/bin/sh\nif [ "$1" = add ] && [ ! -e ${home}/hung ]; then touch ${home}/hung; exec sleep 1000; fi\nPATH=\${PATH#${bin}:}; exec git "$@"\n`,
    });
    chmodSync(join(bin, 'git'), 0o755);
    const environment = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home };
    const first = await startChildHost({ directory: repository, cache, environment });
    const jobId = await first.submit(command('echo x > x.txt; echo started'));
    await first.logged(jobId, 'started');
    await appears(join(home, 'hung'));
    await first.kill();
    const second = await openTestHost({ directory: repository, cache, environment });
    expect(await second.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    await second.close();
    await expectNothingLeft(second.host.places);
    expect(await sleepers(home)).toEqual([]);
  });
});

describe('a job whose time ended with its host', () => {
  it('is EXPIRED by the next', async () => {
    freshRepository();
    const first = await startChildHost({ directory: repository, cache });
    const jobId = await first.submit(command('echo started; sleep 1000', { execution: { ttlS: 1 } }));
    await first.kill();
    const second = await open();
    expect(await second.ended(jobId)).toMatchObject({ state: 'EXPIRED' });
    await second.close();
    await expectNothingLeft(second.host.places);
  });
});

describe('a delivery that was cut off', () => {
  let host: TestHost;
  let jobId: JobId;
  let places: Places;
  const CHANGE =
    'echo more >> a.txt; rm -r lonely; mkdir new; echo n > new/n.txt; rm b.txt; mkdir b.txt; echo x > b.txt/x; rm -r src; ln -s a.txt src';

  /** A job whose patch is applied, undone, or neither; and its host closed. */
  async function prepared(then: (host: TestHost) => Promise<void>): Promise<void> {
    freshRepository();
    chmodSync(join(repository, 'a.txt'), 0o640);
    chmodSync(join(repository, 'lonely'), 0o711);
    host = await open();
    const job = await host.run(command(CHANGE));
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    ({ jobId } = job);
    ({ places } = host.host);
    await then(host);
    await host.close();
  }

  const apply = async (one: TestHost): Promise<void> =>
    void must(await one.relay.apply({ jobId, origin: 'cli', dryRun: false }));
  const undo = async (one: TestHost): Promise<void> => void must(await one.relay.undo({ jobId, origin: 'cli' }));

  /** Writes events as a host would have that died just after. */
  async function withStore<T>(use: (store: JobStore, vault: Vault) => Promise<T>): Promise<T> {
    const vault = new Vault(join(places.record, 'vault'));
    const store = must(await openStore({ directory: places.record, assets, vault, log: silentLog }));
    try {
      return await use(store, vault);
    } finally {
      await store.close();
    }
  }

  /** The receipt of the delivery that was undone, begun once more. */
  async function begunAgain(): Promise<Receipt> {
    return withStore(async (store, vault) => {
      const job = must(await store.get(jobId));
      if (job.state !== 'SUCCEEDED' || job.delivery.state === 'none') throw new Error('not delivered');
      const { receipt } = job.delivery;
      await append(store, { type: 'deliveryStarted', receipt, by: 'cli' });
      return Receipt.parse(JSON.parse(must(await vault.read(receipt)).toString()));
    });
  }

  const append = async (store: JobStore, event: JobEvent): Promise<void> =>
    void must(await store.append(jobId, event, systemClock.now()));

  it('is finished where all was written', async () => {
    await prepared(async (one) => {
      await apply(one);
      await undo(one);
      await apply(one);
    });
    const applied = photographFiles(repository);
    // As if the host had died between the last write and its note: the events of an apply, without the last.
    await withStore(async (store) => {
      const job = must(await store.get(jobId));
      if (job.state !== 'SUCCEEDED' || job.delivery.state !== 'applied') throw new Error('not applied');
      await append(store, { type: 'undoStarted', by: 'cli' });
      await append(store, { type: 'undone' });
      await append(store, { type: 'deliveryStarted', receipt: job.delivery.receipt, by: 'cli' });
    });
    host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applied' });
    expect(photographFiles(repository)).toEqual(applied);
    await undo(host);
    await host.close();
    await expectNothingLeft(places);
  });

  it('is taken back where nothing was written', async () => {
    await prepared(async (one) => {
      await apply(one);
      await undo(one);
    });
    const before = photographFiles(repository);
    await begunAgain();
    host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
    expect(photographFiles(repository)).toEqual(before);
    await apply(host);
    await undo(host);
    expect(photographFiles(repository)).toEqual(before);
    await host.close();
    await expectNothingLeft(places);
  });

  it('is taken back from any point, with what was half written', async () => {
    await prepared(async (one) => {
      await apply(one);
      await undo(one);
    });
    const before = photographFiles(repository);
    const receipt = await begunAgain();
    // Half of the way by hand: some files gone, one file written, one in the middle of it.
    for (const path of ['b.txt', 'lonely/d.txt', 'src/c.txt']) unlinkSync(join(repository, path));
    const a = receipt.files.find((file) => file.path === 'a.txt');
    writeFileSync(join(repository, 'a.txt'), 'a\nmore\n');
    chmodSync(join(repository, 'a.txt'), 0o640);
    expect((await find(repository, 'a.txt')).state).toEqual(a?.after);
    write(repository, { 'new/n.txt': 'n\n' });
    chmodSync(join(repository, 'new/n.txt'), 0o644);
    writeFileSync(join(repository, `.relay-${jobId}`), 'hal');
    writeFileSync(join(repository, 'new', `.relay-${jobId}`), 'half');
    host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
    expect(photographFiles(repository)).toEqual(before);
    await host.close();
    await expectNothingLeft(places);
  });

  it('leaves alone what the user wrote since', async () => {
    await prepared(async (one) => {
      await apply(one);
      await undo(one);
    });
    await begunAgain();
    writeFileSync(join(repository, 'a.txt'), 'mine\n');
    unlinkSync(join(repository, 'lonely/d.txt'));
    host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
    expect(readFileSync(join(repository, 'a.txt'), 'utf8')).toBe('mine\n');
    expect(readFileSync(join(repository, 'lonely/d.txt'), 'utf8')).toBe('d\n');
    await host.close();
  });

  it('is taken back where an undo was cut off half way', async () => {
    let before = {};
    await prepared(async (one) => {
      before = photographFiles(repository);
      await apply(one);
    });
    await withStore((store) => append(store, { type: 'undoStarted', by: 'cli' }));
    writeFileSync(join(repository, 'a.txt'), 'a\n');
    chmodSync(join(repository, 'a.txt'), 0o640);
    unlinkSync(join(repository, 'b.txt/x'));
    host = await open();
    expect(await host.view(jobId)).toMatchObject({ delivery: 'undone' });
    expect(photographFiles(repository)).toEqual(before);
    await host.close();
    await expectNothingLeft(places);
  });

  it('waits where the working tree is not there, and stops no host', async () => {
    await prepared(async (one) => {
      await apply(one);
      await undo(one);
    });
    await withStore(async (store, vault) => {
      const elsewhere = { jobId, workspace: join(directory, 'not mounted'), files: [], folders: [] };
      const text = JSON.stringify(elsewhere);
      must(await vault.put(Buffer.from(text)));
      await append(store, { type: 'deliveryStarted', receipt: Digest.parse(sha256(text)), by: 'cli' });
    });
    host = await open();
    expect(host.complaints.join()).toMatch(/a delivery is not recovered.*not mounted.*is not there/);
    expect(await host.view(jobId)).toMatchObject({ delivery: 'applying' });
    expect(await host.relay.apply({ jobId, origin: 'cli', dryRun: false })).toMatchObject({
      ok: false,
      error: { kind: 'illegal' },
    });
    expect(existsSync(join(directory, 'not mounted'))).toBe(false);
    await host.close();
  });
});

describe('where the host is no superuser', () => {
  const asNobody = it.skipIf(process.getuid?.() !== 0);
  const NOBODY = 65534;
  let child: ChildHost;

  afterEach(async () => {
    await child.close();
    await expectNothingLeft(child.places);
  });

  asNobody('closed folders and files are carried, refused or cleared away', async () => {
    freshRepository();
    chownAll();
    child = await startChildHost({ directory: repository, cache, user: NOBODY });
    const before = photographRepository(repository);
    const runs: readonly (readonly [string, object])[] = [
      ['mkdir closed; echo x > closed/x; chmod 000 closed', { state: 'SUCCEEDED', files: [{ path: 'closed/x' }] }],
      ['echo more >> src/c.txt; chmod 000 src', { state: 'SUCCEEDED', files: [{ path: 'src/c.txt' }] }],
      ['echo y > y; chmod 500 .', { state: 'SUCCEEDED', files: [{ path: 'y' }] }],
      ['chmod 500 .git/objects .git; echo y > y', { state: 'SUCCEEDED' }],
      [
        'mkdir -p "$TMPDIR/cache/module"; touch "$TMPDIR/cache/module/x"; chmod -R 500 "$TMPDIR/cache"; echo z > z',
        { state: 'SUCCEEDED' },
      ],
      [
        'echo x > x; chmod 000 x',
        {
          state: 'FAILED',
          reasonCode: 'BAD_ARTIFACTS',
          message: expect.stringMatching(/x.*Permission denied/) as unknown,
        },
      ],
      [
        'echo "out/" > .gitignore; mkdir -p out/deep; touch out/deep/x; chmod -R 500 out',
        { state: 'SUCCEEDED', files: [{ path: '.gitignore' }] },
      ],
      [
        'git init -q sub; touch sub/x; chmod 000 sub',
        {
          state: 'FAILED',
          reasonCode: 'BAD_ARTIFACTS',
          message: expect.stringMatching(/"sub" \(a repository/) as unknown,
        },
      ],
    ];
    for (const [run, expected] of runs) {
      const job = await child.run(command(run));
      expect(job, `${run}: ${job.message ?? ''}`).toMatchObject(expected);
      const next = await child.run(
        command('echo x > src/c.txt; echo y > new', {
          checks: [{ name: 'whole', run: 'test "$(cat src/c.txt)" = x' }],
        }),
      );
      expect(next, `after ${run}: ${next.message ?? ''}`).toMatchObject({ state: 'SUCCEEDED', fileCount: 2 });
    }
    expect(photographRepository(repository)).toEqual(before);
  });

  asNobody("another user's files in a slot stop no later job", async () => {
    freshRepository();
    chownAll();
    child = await startChildHost({ directory: repository, cache, user: NOBODY });
    const jobId = await child.submit(
      command('echo started; pwd > $HOME/where; while [ ! -e $HOME/go ]; do sleep 0.01; done; echo x > x'),
    );
    await child.logged(jobId, 'started');
    await appears(join(cache, 'home', 'where'));
    // As a container does that runs as root.
    const slot = readFileSync(join(cache, 'home', 'where'), 'utf8').trim();
    write(slot, { 'roots/own/file': 'x' });
    chmodSync(join(slot, 'roots/own'), 0o700);
    writeFileSync(join(cache, 'home', 'go'), '');
    expect(await child.ended(jobId)).toMatchObject({
      state: 'FAILED',
      reasonCode: 'BAD_ARTIFACTS',
      message: expect.stringMatching(/"roots\/own" \(a folder that cannot be read\)/) as unknown,
    });
    expect(await child.run(command('echo y > y'))).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'y' }] });
    // What could not be deleted was put aside; the next test of leftovers is not about it.
    for (const name of readdirSync(join(slot, '..')))
      if (name.startsWith('tree.')) removeDirectory(join(slot, '..', name));
  });

  asNobody("an unreadable or read-only place in the user's tree is told", async () => {
    freshRepository();
    chownAll();
    child = await startChildHost({ directory: repository, cache, user: NOBODY });
    const job = await child.run(command('echo more >> a.txt; echo more >> src/c.txt; echo z > z'));
    chmodSync(join(repository, 'src'), 0o555);
    const before = photographFiles(repository);
    expect(await child.apply(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'io', message: expect.stringMatching(/taken back.*EACCES/) as unknown },
    });
    expect(photographFiles(repository)).toEqual(before);
    chmodSync(join(repository, 'src'), 0o755);
    chmodSync(join(repository, 'a.txt'), 0o000);
    expect(await child.apply(job.jobId)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/a\.txt/) as unknown },
    });
    chmodSync(join(repository, 'a.txt'), 0o644);
    expect(await child.apply(job.jobId)).toMatchObject({ ok: true });
    expect(await child.undo(job.jobId)).toMatchObject({ ok: true });
    expect(photographFiles(repository)).toEqual({ ...before, src: 'folder 755' });
  });

  asNobody('a repository that cannot be written has its record elsewhere, and nothing in it is touched', async () => {
    freshRepository();
    chownAll();
    for (const path of ['', ...Object.keys(photographRepository(repository))]) chownSync(join(repository, path), 0, 0);
    write(join(cache, 'home'), { '.gitconfig': `[safe]\n\tdirectory = ${repository}\n` });
    const before = photograph(repository);
    child = await startChildHost({ directory: repository, cache, user: NOBODY });
    expect(child.places.record.startsWith(cache)).toBe(true);
    const job = await child.run(command('echo more >> a.txt; echo z > z'));
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(await child.apply(job.jobId)).toMatchObject({
      ok: false,
      error: { kind: 'io', message: expect.stringMatching(/EACCES/) as unknown },
    });
    expect(photograph(repository)).toEqual(before);
  });

  function chownAll(): void {
    mkdirSync(join(cache, 'home'), { recursive: true });
    for (const root of [directory, repository, cache, join(cache, 'home')]) chownSync(root, NOBODY, NOBODY);
    for (const path of Object.keys(photographRepository(repository))) {
      chownSync(join(repository, path), NOBODY, NOBODY);
    }
  }
});

/** Resolves when a file is there. */
async function appears(path: string): Promise<void> {
  expect(await until(() => Promise.resolve(existsSync(path)), 10_000, systemClock), path).toBe(true);
}

/** Processes that run in, or for, the fake git of a test. */
async function sleepers(home: string): Promise<readonly number[]> {
  const rows = await procfs.rows();
  return rows.map((row) => row.pid).filter((pid) => environmentOf(pid).includes(`HOME=${home}`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'latin1');
  } catch {
    return '';
  }
}
