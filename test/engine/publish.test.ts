import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import type { JobView, Published } from '../../src/protocol/jobView.ts';
import type { RelayError } from '../../src/protocol/relayError.ts';
import type { Result } from '../../src/base/result.ts';
import { pathWithoutGh, realGh } from '../fixtures/gh.ts';
import { configured } from '../fixtures/gitUser.ts';
import { commit, git, makeRepository, removeDirectory, temporaryDirectory, write } from '../fixtures/repository.ts';
import { command, must, openTestHost, type TestHost } from '../fixtures/testHost.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });

let directory: string;
let repository: string;
let remote: string;
let bare: string;
let number = 0;

beforeAll(() => {
  directory = temporaryDirectory();
  bare = pathWithoutGh(join(directory, 'path'));
});
afterAll(() => removeDirectory(directory));

beforeEach(() => {
  number += 1;
  repository = makeRepository(join(directory, `repo${String(number)}`), { 'a.txt': 'a\n' });
  remote = join(directory, `remote${String(number)}.git`);
  mkdirSync(remote);
  git(remote, 'init', '-q', '--bare');
  git(repository, 'remote', 'add', 'origin', remote);
});

const inRemote = (): string => git(remote, 'for-each-ref', '--format=%(refname) %(objectname)');

/** A host whose PATH begins with `folder`, and has no gh of this machine's. */
async function withHost(use: (host: TestHost) => Promise<void>, folder = '', more: Record<string, string> = {}) {
  const cache = configured(join(directory, `cache${String(number)}`));
  const path = folder === '' ? bare : `${folder}${delimiter}${bare}`;
  const host = await openTestHost({ directory: repository, cache, environment: { PATH: path, ...more } });
  try {
    await use(host);
  } finally {
    await host.close();
  }
}

const made = (host: TestHost): Promise<JobView> =>
  host.run(command('echo x > x.txt', { task: { title: '--title "of a task"; $(touch x)', description: 'It does.' } }));
const publish = (host: TestHost, jobId: JobId, open: 'gh' | 'none' = 'gh'): Promise<Result<Published, RelayError>> =>
  host.relay.publish({ jobId, origin: 'cli', open });

describe('a push', () => {
  it('makes the branch, and pushes it and nothing else, once and again', () =>
    withHost(async (host) => {
      git(repository, 'tag', '-a', '-m', 'a tag', 'v1');
      git(repository, 'config', 'push.followTags', 'true');
      const head = git(repository, 'rev-parse', 'HEAD');
      const { jobId } = await made(host);
      const config = readFileSync(join(repository, '.git', 'config'), 'utf8');
      const first = must(await publish(host, jobId, 'none'));
      const { branch, commit: id } = first;
      expect(inRemote()).toBe(`refs/heads/${branch} ${id}`);
      expect(git(remote, 'rev-parse', `${id}^`)).toBe(head);
      expect(readFileSync(join(repository, '.git', 'config'), 'utf8')).toBe(config);
      expect(first.message).toBe(`Pushed "${branch}" (${id.slice(0, 12)}) to "origin".`);
      const published = { branch, commit: id, remote: 'origin' };
      expect(await host.view(jobId)).toMatchObject({ delivery: 'applied', branch, published });
      expect(must(await publish(host, jobId, 'none'))).toEqual(first);
      // What the user adds to the branch goes along.
      git(repository, 'switch', '-q', branch);
      write(repository, { 'b.txt': 'b\n' });
      const more = commit(repository);
      git(repository, 'switch', '-q', 'main');
      expect(must(await publish(host, jobId, 'none'))).toMatchObject({ commit: more });
      expect(inRemote()).toBe(`refs/heads/${branch} ${more}`);
      const events = must(await host.relay.events({ jobId })).entries.map(({ event }) => event.type);
      expect(events.filter((type) => type === 'published')).toHaveLength(3);
      // An undo is of the local branch alone.
      git(repository, 'update-ref', `refs/heads/${branch}`, id);
      const undone = must(await host.relay.undo({ jobId, origin: 'cli' }));
      expect(undone.message).toContain(`git push origin --delete ${branch}`);
      expect(inRemote()).toBe(`refs/heads/${branch} ${more}`);
      expect(await host.view(jobId)).toMatchObject({ delivery: 'undone', published: { commit: more } });
    }));

  it('pushes no submodule along, whatever the configuration says', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const { branch } = must(await publish(host, jobId, 'none'));
      git(repository, 'switch', '-q', branch);
      makeRepository(join(repository, 'sub'), { 's.txt': 's\n' });
      const sub = join(repository, 'sub');
      git(sub, 'remote', 'add', 'origin', join(directory, 'nowhere.git'));
      git(sub, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
      write(sub, { 's.txt': 'more\n' });
      commit(sub);
      git(repository, '-c', 'advice.addEmbeddedRepo=false', 'add', 'sub');
      git(repository, 'commit', '-q', '-m', 'A submodule');
      git(repository, 'fetch', '-q', 'origin');
      for (const value of ['check', 'on-demand']) {
        git(repository, 'config', 'push.recurseSubmodules', value);
        expect(() => git(repository, 'push', '-q', 'origin', branch)).toThrow();
      }
      const more = git(repository, 'rev-parse', 'HEAD');
      expect(must(await publish(host, jobId, 'none'))).toMatchObject({ commit: more });
    }));

  it('is for persons alone', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const refused = await host.relay.publish({ jobId, origin: 'mcp', open: 'gh' });
      expect(refused).toMatchObject({ ok: false, error: { kind: 'refused' } });
      expect(inRemote()).toBe('');
      expect(await host.view(jobId)).toMatchObject({ delivery: 'none' });
    }));

  it("runs the user's own hook, and says what it says", () =>
    withHost(async (host) => {
      const hook = join(repository, '.git', 'hooks', 'pre-push');
      write(repository, { '.git/hooks/pre-push': '#!/bin/sh\necho "no pushes on Fridays" >&2\nexit 1\n' });
      chmodSync(hook, 0o755);
      const { jobId } = await made(host);
      const refused = await publish(host, jobId);
      expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
      expect(!refused.ok && refused.error.message).toContain('no pushes on Fridays');
      expect(inRemote()).toBe('');
      const view = await host.view(jobId);
      expect(view).toMatchObject({ delivery: 'applied' });
      expect(view.published).toBeUndefined();
      rmSync(hook);
      must(await publish(host, jobId));
    }));

  it('is never forced', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const { branch } = must(await publish(host, jobId, 'none'));
      const other = join(directory, 'other clone');
      git(directory, 'clone', '-q', '-b', branch, remote, other);
      const theirs = commit(other, 'Theirs');
      git(other, 'push', '-q', 'origin', branch);
      git(repository, 'switch', '-q', branch);
      commit(repository, 'Ours');
      const refused = await publish(host, jobId, 'none');
      expect(refused).toMatchObject({ ok: false, error: { kind: 'blocked' } });
      expect(!refused.ok && refused.error.message).toContain('rejected');
      expect(inRemote()).toBe(`refs/heads/${branch} ${theirs}`);
      removeDirectory(other);
    }));

  it('is refused where the patch is in the working tree, the branch is gone, or there is no remote', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      must(await host.relay.apply({ jobId, origin: 'cli', dryRun: false }));
      expect(await publish(host, jobId)).toMatchObject({ ok: false, error: { kind: 'illegal' } });
      must(await host.relay.undo({ jobId, origin: 'cli' }));
      const { branch } = must(await publish(host, jobId, 'none'));
      git(repository, 'branch', '-q', '-D', branch);
      expect(await publish(host, jobId)).toMatchObject({ ok: false, error: { kind: 'blocked' } });
      git(repository, 'remote', 'remove', 'origin');
      const nowhere = await publish(host, jobId);
      expect(!nowhere.ok && nowhere.error.message).toContain('git remote add origin URL');
    }));
});

describe('without a gh', () => {
  it('says so, and where the pull request is begun by hand', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const plain = must(await publish(host, jobId));
      expect(plain.message).toMatch(/there is no gh: install it \(https:\/\/cli\.github\.com\).*publish again\.$/);
      expect(plain.url).toBeUndefined();
      git(repository, 'remote', 'set-url', 'origin', 'git@github.com:o/r.git');
      git(repository, 'remote', 'set-url', '--push', 'origin', remote);
      const page = `https://github.com/o/r/compare/main...${plain.branch}?expand=1`;
      expect(must(await publish(host, jobId)).message).toContain(`By hand: ${page}`);
      expect(must(await publish(host, jobId, 'none')).message).toContain(`begun at ${page}`);
    }));
});

describe('with a gh that records', () => {
  const folder = (): string => join(directory, `gh${String(number)}`);
  const written = (name: string): string => readFileSync(join(folder(), name), 'utf8');

  function fakeGh(end: string): string {
    write(folder(), {
      gh: `#!/bin/sh\ncd "$(dirname "$0")"\nprintf '%s\\n' "$@" > argv\ncat > body\nenv > environment\n${end}\n`,
    });
    chmodSync(join(folder(), 'gh'), 0o755);
    return folder();
  }

  it('gives title and body as they are, and no shell sees them', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const done = must(await publish(host, jobId));
      const title = '--title "of a task"; $(touch x)';
      expect(written('argv').split('\n').slice(0, -1)).toEqual([
        'pr',
        'create',
        '--title',
        title,
        '--body-file',
        '-',
        '--base',
        'main',
        '--head',
        done.branch,
      ]);
      expect(written('body')).toContain(`It does.\n\nChanges 1 file: \`x.txt\`\n\nRelay-Job: ${jobId}`);
      expect(written('environment')).toMatch(/^GH_PROMPT_DISABLED=1$/m);
      expect(done).toMatchObject({ url: 'https://github.com/o/r/pull/7' });
      expect(await host.view(jobId)).toMatchObject({ published: { url: 'https://github.com/o/r/pull/7' } });
      expect(existsSync(join(repository, 'x'))).toBe(false);
    }, fakeGh('echo "Creating pull request" >&2; echo https://github.com/o/r/pull/7')));

  it('names the owner where there are several remotes, and no base where none is known', () =>
    withHost(async (host) => {
      git(repository, 'remote', 'add', 'upstream', 'https://github.com/up/r.git');
      git(repository, 'remote', 'set-url', 'origin', 'https://github.com/me/r.git');
      git(repository, 'remote', 'set-url', '--push', 'origin', remote);
      git(repository, 'switch', '-q', '--detach');
      const { jobId } = await made(host);
      const { branch } = must(await publish(host, jobId));
      expect(written('argv').split('\n').slice(-4)).toEqual(['-', '--head', `me:${branch}`, '']);
    }, fakeGh('echo https://github.com/up/r/pull/8')));

  it('tells the pull request that is there already', () =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const done = must(await publish(host, jobId));
      expect(done.url).toBe('https://github.com/o/r/pull/3');
      expect(done.message).toContain('It has a pull request already: https://github.com/o/r/pull/3');
    }, fakeGh('printf "a pull request for branch x into branch main already exists:\\nhttps://github.com/o/r/pull/3\\n" >&2; exit 1')));

  it.each([
    ['words', 'echo "GraphQL: nobody may" >&2; exit 1', 'GraphQL: nobody may'],
    ['a signal', 'kill -9 $$', 'it said nothing'],
    ['no URL', 'echo hm', 'it gave no URL'],
    ['a password', 'echo "cannot reach https://me:hush@github.com/x" >&2; exit 1', 'cannot reach https://github.com/x'],
  ])('has pushed where gh fails with %s', (_name, end, words) =>
    withHost(async (host) => {
      const { jobId } = await made(host);
      const done = must(await publish(host, jobId));
      expect(done.message).toContain(words);
      expect(done.message).not.toContain('hush');
      expect(done.message).toContain('gh auth login');
      expect(done.url).toBeUndefined();
      expect(inRemote()).toContain(done.branch);
      expect(await host.view(jobId)).toMatchObject({ published: { branch: done.branch } });
    }, fakeGh(end)),
  );
});

describe('with the real gh', async () => {
  const gh = await realGh();

  it.skipIf(!gh.ok)('tells that it is not signed in, in its words', () =>
    withHost(
      async (host) => {
        git(repository, 'remote', 'set-url', 'origin', 'https://github.com/o/r.git');
        git(repository, 'remote', 'set-url', '--push', 'origin', remote);
        const { jobId } = await made(host);
        const done = must(await publish(host, jobId));
        expect(done.message).toMatch(
          /gh opened no pull request: .*gh auth login.*By hand: https:\/\/github\.com\/o\/r/,
        );
        expect(inRemote()).toContain(done.branch);
      },
      gh.ok ? gh.value : '',
    ),
  );

  it.skipIf(!gh.ok)('opens a pull request, and then finds it', async () => {
    const forge = await openForge();
    // gh speaks http to a host of this name alone; what it means is reached by a proxy.
    const more = {
      GH_TOKEN: 'a token',
      GH_ENTERPRISE_TOKEN: 'a token',
      HTTP_PROXY: forge.url,
      GH_HOST: 'github.localhost',
    };
    try {
      await withHost(
        async (host) => {
          git(repository, 'remote', 'set-url', 'origin', 'https://github.localhost/o/r.git');
          git(repository, 'remote', 'set-url', '--push', 'origin', remote);
          const { jobId } = await made(host);
          const done = must(await publish(host, jobId));
          expect(done.message).toContain('Its pull request: https://github.localhost/o/r/pull/1');
          expect(forge.created).toMatchObject({
            title: '--title "of a task"; $(touch x)',
            baseRefName: 'main',
            headRefName: done.branch,
          });
          expect(String(forge.created?.['body'])).toContain(`Relay-Job: ${jobId}`);
          const again = must(await publish(host, jobId));
          expect(again.message).toContain('It has a pull request already: https://github.localhost/o/r/pull/1');
          expect(again.url).toBe(done.url);
        },
        gh.ok ? gh.value : '',
        more,
      );
    } finally {
      await forge.close();
    }
  });
});

interface FakeForge {
  readonly url: string;
  /** The input of the mutation that made the pull request. */
  created: Record<string, unknown> | undefined;
  close(): Promise<void>;
}

/** As much of a forge's GraphQL as `gh pr create` asks for. */
async function openForge(): Promise<FakeForge> {
  const forge: Pick<FakeForge, 'created'> = { created: undefined };
  const repo = {
    id: 'R1',
    name: 'r',
    owner: { login: 'o' },
    defaultBranchRef: { name: 'main' },
    viewerPermission: 'WRITE',
    parent: null,
  };
  const url = 'https://github.localhost/o/r/pull/1';
  const answer = (query: string, variables: { readonly input?: Record<string, unknown> }): unknown => {
    if (query.includes('createPullRequest')) {
      forge.created = variables.input;
      return { createPullRequest: { pullRequest: { id: 'P1', url } } };
    }
    if (query.includes('pullRequests(')) {
      const { headRefName, baseRefName } = forge.created ?? {};
      const owner = { id: 'U1', login: 'o', name: 'o' };
      const there = { number: 1, id: 'P1', url, state: 'OPEN', headRefName, baseRefName, isCrossRepository: false };
      const nodes = forge.created === undefined ? [] : [{ ...there, headRepositoryOwner: owner }];
      return { repository: { pullRequests: { nodes, totalCount: nodes.length }, defaultBranchRef: { name: 'main' } } };
    }
    return { repository: repo, viewer: { login: 'o' }, repo_000: repo };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{"query":""}') as {
        query: string;
        variables?: { input?: Record<string, unknown> };
      };
      response.writeHead(200, { 'content-type': 'application/json', 'x-oauth-scopes': 'repo' });
      response.end(JSON.stringify({ data: answer(query, variables ?? {}) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(forge, {
    url: `http://127.0.0.1:${String(address.port)}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
