import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newJobId, type JobId } from '../../src/domain/ids.ts';
import { combinedRelay } from '../../src/host/combinedRelay.ts';
import type { Relay } from '../../src/protocol/relay.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

let directory: string;
let hosts: readonly [TestHost, TestHost];
let open: readonly TestHost[];
const both: Relay = combinedRelay(() =>
  open.map(({ relay, host }, at) => ({ name: `repo${String(at)}`, workspace: host.workspace, relay })),
);

beforeAll(async () => {
  directory = temporaryDirectory();
  const hostOn = (name: string): Promise<TestHost> => {
    const repository = makeRepository(join(directory, name), { 'a.txt': `${name}\n` });
    return openTestHost({ directory: repository, cache: join(directory, `${name}.cache`) });
  };
  hosts = [await hostOn('one'), await hostOn('two')];
});
beforeEach(() => {
  open = hosts;
});
afterAll(async () => {
  for (const one of hosts) {
    await one.close();
    await expectNothingLeft(one.host.places);
  }
  removeDirectory(directory);
});

const submit = async (host: TestHost, title = 'x'): Promise<JobId> => {
  const input = { spec: { ...command('echo b >> a.txt'), task: { title } }, workspace: host.host.workspace } as const;
  return must(await both.submit({ ...input, origin: 'cli' })).jobId;
};

describe('several repositories as one', () => {
  it('tell what they used as one row a day and executor', async () => {
    for (const host of hosts) await host.ended(await submit(host));
    const reports = await Promise.all(hosts.map(async ({ relay }) => must(await relay.usage({})).total));
    const { rows, total } = must(await both.usage({}));
    expect(new Set(rows.map(({ day }) => day)).size).toBe(rows.length);
    expect(total.attempts).toBe(reports.reduce((sum, one) => sum + one.attempts, 0));
    expect(total.wallMs).toBe(reports.reduce((sum, one) => sum + one.wallMs, 0));
    expect(rows.reduce((sum, one) => sum + one.attempts, 0)).toBe(total.attempts);
  });

  it('take a submit where it belongs, and find the job wherever it is', async () => {
    for (const host of hosts) {
      const jobId = await submit(host);
      await host.ended(jobId);
      expect(must(await both.get({ jobId }))).toEqual(await host.view(jobId));
      expect(must(await both.find({ prefix: jobId.slice(0, 8) }))).toEqual({ jobId });
      expect(must(await both.events({ jobId })).entries.length).toBeGreaterThan(2);
      const slice = { offset: 0, maxBytes: 1000 };
      expect(must(await both.artifact({ jobId, name: 'patch.diff', ...slice })).totalBytes).toBeGreaterThan(0);
      expect(must(await both.log({ jobId, ...slice })).ended).toBe(true);
      expect(must(await both.content({ jobId, path: 'a.txt', side: 'before' })).base64).toBeDefined();
      expect(must(await both.cancel({ jobId, origin: 'cli' }))).toEqual({ ok: false, state: 'SUCCEEDED' });
      must(await both.apply({ jobId, origin: 'cli', dryRun: false }));
      must(await both.undo({ jobId, origin: 'cli' }));
      const again = must(await both.retry({ jobId, origin: 'cli' })).jobId;
      expect(await host.ended(again)).toMatchObject({ state: 'SUCCEEDED' });
      must(await both.delete({ jobId, origin: 'cli' }));
    }
  });

  it('list their jobs newest first, page by page, as one list would', async () => {
    const ids: JobId[] = [];
    for (let round = 0; round < 6; round++) {
      for (const host of hosts) {
        const jobId = await submit(host, `job ${String(round)}`);
        await host.ended(jobId);
        ids.unshift(jobId);
      }
    }
    const whole = must(await both.list({ limit: 100, offset: 0 }));
    const listed = whole.items.map((job) => job.jobId);
    // Two jobs of one millisecond have no order between repositories.
    expect(listed.slice(0, ids.length).toSorted()).toEqual(ids.toSorted());
    expect(whole.items.map((job) => job.createdAt)).toEqual(
      whole.items
        .map((job) => job.createdAt)
        .toSorted()
        .reverse(),
    );
    const paged: JobId[] = [];
    for (let offset = 0, more = true; more; offset += 5) {
      const page = must(await both.list({ limit: 5, offset }));
      expect(page.total).toBe(whole.total);
      paged.push(...page.items.map((job) => job.jobId));
      more = page.hasMore;
    }
    expect(paged).toEqual(listed);
    const only = must(await both.list({ limit: 100, offset: 0, state: 'CANCELED' }));
    expect(only).toEqual({ items: [], total: 0, hasMore: false });
  });

  it('tell every change once, until nobody listens', async () => {
    const heard: JobId[] = [];
    const listening = both.onChange((change) => {
      if (change.kind === 'job' && change.state === 'SUCCEEDED') heard.push(change.jobId);
    });
    const ids = [await submit(hosts[0]), await submit(hosts[1])];
    await Promise.all(hosts.map((host, at) => host.ended(ids[at] ?? newJobId())));
    expect(heard.toSorted()).toEqual(ids.toSorted());
    listening.dispose();
    await hosts[0].ended(await submit(hosts[0]));
    expect(heard).toHaveLength(2);
  });

  it('count what is under way over all', async () => {
    expect(must(await both.activity({}))).toEqual({ live: 0 });
    const started = await Promise.all(
      hosts.map(async (host) => must(await host.submit(command('echo started; sleep 1000'))).jobId),
    );
    expect(must(await both.activity({}))).toEqual({ live: 2 });
    for (const jobId of started) must(await both.cancel({ jobId, origin: 'cli' }));
    expect(must(await both.activity({}))).toEqual({ live: 0 });
  });
});

describe('what is nowhere', () => {
  it('is refused with the repositories that are open', async () => {
    const input = { spec: command('true'), workspace: '/elsewhere', origin: 'cli' } as const;
    const refused = await both.submit(input);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'invalid' } });
    for (const { host } of hosts) expect(!refused.ok && refused.error.message).toContain(host.workspace);
    expect(await both.get({ jobId: newJobId() })).toMatchObject({ ok: false, error: { kind: 'notFound' } });
  });

  it('is said to be so where nothing is open', async () => {
    open = [];
    expect(await both.get({ jobId: newJobId() })).toMatchObject({
      error: { kind: 'notFound', message: expect.stringContaining('No repository is open') as unknown },
    });
    expect(must(await both.list({ limit: 20, offset: 0 }))).toEqual({ items: [], total: 0, hasMore: false });
  });
});
