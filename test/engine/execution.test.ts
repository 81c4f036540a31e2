import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, type Clock } from '../../src/base/clock.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import {
  noAbilities,
  type ExecutionContext,
  type ExecutionRequest,
  type Executor,
  type ExecutorError,
  type Readiness,
  type Report,
} from '../../src/domain/executor.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { Plugins } from '../../src/executors/plugins.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { git, makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { must, openTestHost, type TestHost, type TestHostOptions } from '../fixtures/testHost.ts';

type Run = (request: ExecutionRequest, context: ExecutionContext) => Promise<Result<Report, ExecutorError>>;

let directory: string;
let repository: string;
let host: TestHost;

beforeEach(() => {
  directory = temporaryDirectory();
  repository = join(directory, 'repo');
  makeRepository(repository, { 'a.txt': 'one\ntwo\ntwo\n', 'crlf.txt': 'one\r\ntwo\r\n', 'src/b.txt': 'b\n' });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

function executor(name: string, run: Run, more: Partial<Executor> = {}): Executor {
  return { name, abilities: { ...noAbilities, budgets: ['tokens', 'usd'] }, run, ...more };
}

async function open(
  plugins: readonly Executor[],
  more: Pick<TestHostOptions, 'clock' | 'executorSettings' | 'concurrency' | 'environment' | 'environmentNames'> = {},
): Promise<void> {
  host = await openTestHost({
    directory: repository,
    cache: join(directory, 'cache'),
    plugins: new Plugins(plugins),
    ...more,
  });
}

function by(name: string, more: NonNullable<JobSpec['execution']> = {}): JobSpec {
  return { task: { title: 't' }, execution: { executor: name, ...more } };
}

/** Proposes these, first to last; what it was asked is in `asked`. */
function proposing(...proposals: readonly unknown[]) {
  const asked: ExecutionRequest[] = [];
  const run: Run = (request) => {
    const proposal = proposals[asked.length];
    asked.push(request);
    return Promise.resolve(ok({ proposal: typeof proposal === 'string' ? proposal : JSON.stringify(proposal) }));
  };
  return { asked, executor: executor('proposer', run) };
}

async function patchOf(job: JobView): Promise<string> {
  return (await host.artifact(job.jobId, 'patch.diff')).toString();
}

describe('a proposal', () => {
  it('is carried out by the relay: edits, whole files and deletions', async () => {
    const { executor: one } = proposing({
      edits: [
        { path: 'a.txt', oldText: 'one\n', newText: 'ONE\n' },
        { path: 'a.txt', oldText: 'ONE\ntwo', newText: 'ONE\n2' },
        { path: 'crlf.txt', oldText: 'one\ntwo\n', newText: 'one\nthree\n' },
      ],
      files: [{ path: 'new/deep/c.txt', content: 'c\n' }],
      deletions: ['src/b.txt'],
    });
    await open([one]);
    const job = await host.run(by('proposer'));
    expect(job).toMatchObject({ state: 'SUCCEEDED', fileCount: 4 });
    must(await host.relay.apply({ jobId: job.jobId, origin: 'cli', dryRun: false }));
    expect(readFileSync(join(repository, 'a.txt'), 'utf8')).toBe('ONE\n2\ntwo\n');
    expect(readFileSync(join(repository, 'crlf.txt'), 'utf8')).toBe('one\r\nthree\r\n');
    expect(git(repository, 'status', '--porcelain', '-uall')).toBe(
      ' M a.txt\n M crlf.txt\n D src/b.txt\n?? new/deep/c.txt',
    );
  });

  it('may be a diff', async () => {
    const diff = '--- a/src/b.txt\n+++ b/src/b.txt\n@@ -1 +1 @@\n-b\n+B';
    const { executor: one } = proposing({ diff });
    await open([one]);
    const job = await host.run(by('proposer'));
    expect(job).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'src/b.txt', kind: 'modified' }] });
  });

  it('is asked for once more, with what was wrong, and nothing of the first is left', async () => {
    const wrong = {
      files: [{ path: 'first.txt', content: 'first\n' }],
      edits: [
        { path: 'a.txt', oldText: 'two\n', newText: '2\n' },
        { path: 'gone.txt', oldText: 'x', newText: 'y' },
      ],
    };
    const { executor: one, asked } = proposing(wrong, { edits: [{ path: 'a.txt', oldText: 'one', newText: '1' }] });
    await open([one]);
    const job = await host.run(by('proposer'));
    expect(job).toMatchObject({ state: 'SUCCEEDED', files: [{ path: 'a.txt' }], fileCount: 1 });
    expect(asked.map(({ repair }) => repair?.message)).toEqual([
      undefined,
      'edit 1: oldText occurs more than once in "a.txt". Give more of the lines around it.\n' +
        'edit 2: There is no file "gone.txt".',
    ]);
    expect(asked[1]?.repair?.proposal).toBe(JSON.stringify(wrong));
  });

  it.each([
    [{ files: [{ path: 'n.txt', content: '1' }], deletions: ['n.txt'] }, /"n\.txt" is both written and deleted/],
    [{ edits: [{ path: 'a.txt', oldText: 'one', newText: '1' }], deletions: ['a.txt'] }, /both written and deleted/],
    [{ files: ['d', 'd/e', 'd/e/f'].map((path) => ({ path, content: '1' })) }, /"d" would be a file, and "d\/e" in it/],
    // Only the file system knows that it takes no such name.
    [
      { files: ['first/x', `new/${'n'.repeat(300)}`].map((path) => ({ path, content: '1' })) },
      /could not be written: ENAM/,
    ],
  ])('that cannot be carried out is a CONFLICT, told and mended: %#', async (wrong, told) => {
    const { executor: one, asked } = proposing(wrong, wrong, wrong, { files: [{ path: 'd/e', content: '1' }] });
    await open([one]);
    const failed = await host.run(by('proposer'));
    expect(failed).toMatchObject({ state: 'FAILED', reasonCode: 'CONFLICT' });
    expect(failed.artifacts.map(({ name }) => name)).toContain('logs.txt');
    expect(asked[1]?.repair?.message).toMatch(told);
    expect(await host.run(by('proposer'))).toMatchObject({
      state: 'SUCCEEDED',
      files: [{ path: 'd/e' }],
      fileCount: 1,
    });
  });

  it('leaves what a hard link leads to as it is, and a mode too', async () => {
    const outside = join(directory, 'outside.txt');
    writeFileSync(outside, 'mine\n');
    const edits = ['linked.txt', 'a.txt'].map((path) => ({ path, oldText: 'm', newText: 'M' }));
    await open([proposing({ edits }).executor]);
    const setup = `ln '${outside}' linked.txt; printf 'm\\n' > a.txt; chmod +x a.txt`;
    expect(await host.run({ ...by('proposer'), setup })).toMatchObject({ state: 'SUCCEEDED', fileCount: 2 });
    expect(readFileSync(outside, 'utf8')).toBe('mine\n');
  });

  it('that fits at neither try is a CONFLICT, with what git says of a diff', async () => {
    const diff = '--- a/src/b.txt\n+++ b/src/b.txt\n@@ -1 +1 @@\n-other\n+B\n';
    await open([proposing({ diff }, { diff }).executor]);
    const job = await host.run(by('proposer'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'CONFLICT' });
    expect(job.message).toMatch(/not even at the second try.*patch failed: src\/b\.txt:1/s);
  });

  it('that can be read at neither try is BAD_ARTIFACTS', async () => {
    await open([proposing('I would rather not.', '{}{').executor]);
    const job = await host.run(by('proposer'));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'BAD_ARTIFACTS' });
    expect(job.message).toMatch(/cannot be read.*no JSON/);
  });

  it.each([
    '../out.txt',
    '/etc/out.txt',
    'src/../../out.txt',
    '.git/config',
    'src/.GIT/hooks/x',
    'C:/out.txt',
    'a\\b.txt',
    'link/out.txt',
    'a.txt/b',
    'src',
    'x\0y',
  ])('writes nowhere but at files of the repository: %j', async (path) => {
    symlinkSync(directory, join(repository, 'link'));
    git(repository, 'add', 'link');
    git(repository, 'commit', '-qm', 'link');
    const proposal = { files: [{ path, content: 'x' }] };
    await open([proposing(proposal, proposal).executor]);
    expect(await host.run(by('proposer'))).toMatchObject({ state: 'FAILED', reasonCode: 'CONFLICT' });
  });
});

describe('what an executor uses', () => {
  it('is told, over the repair round too', async () => {
    let round = 0;
    const run: Run = () => {
      round += 1;
      const edits = [{ path: 'a.txt', oldText: round === 1 ? 'no' : 'one', newText: '1' }];
      return Promise.resolve(ok({ proposal: JSON.stringify({ edits }), usage: { inputTokens: 10, turns: 1 } }));
    };
    await open([executor('x', run)]);
    expect(await host.run(by('x'))).toMatchObject({ state: 'SUCCEEDED', usage: { inputTokens: 20, turns: 2 } });
  });

  it('ends the run when it passes the budget', async () => {
    let wasStopped = false;
    const run: Run = (_request, { onUsage, signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          wasStopped = true;
          resolve(err({ kind: 'aborted' }));
        });
        onUsage({ inputTokens: 90, outputTokens: 10 });
        onUsage({ inputTokens: 90, outputTokens: 11 });
      });
    await open([executor('x', run)]);
    const job = await host.run(by('x', { budget: { tokens: 100 }, maxAttempts: 3 }));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 1, usage: { outputTokens: 11 } });
    expect(job.message).toMatch(/passed its budget: 101 tokens were used, and 100 were allowed/);
    expect(wasStopped).toBe(true);
  });

  it('leaves less of the budget for the repair round, and stops where the program says that it was enough', async () => {
    const asked: ExecutionRequest[] = [];
    const run: Run = (request) => {
      asked.push(request);
      const edits = [{ path: 'a.txt', oldText: 'no', newText: '1' }];
      if (asked.length === 1)
        return Promise.resolve(ok({ proposal: JSON.stringify({ edits }), usage: { costUsd: 0.25, outputTokens: 10 } }));
      return Promise.resolve(err({ kind: 'spent', message: 'It stopped at its budget.', usage: { costUsd: 0.25 } }));
    };
    await open([executor('x', run)]);
    const job = await host.run(by('x', { budget: { usd: 0.5, tokens: 100 }, maxAttempts: 3 }));
    expect(asked.map(({ budget }) => budget)).toEqual([
      { usd: 0.5, tokens: 100 },
      { usd: 0.25, tokens: 90 },
    ]);
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY', attempt: 1, usage: { costUsd: 0.5 } });
    expect(job.message).toBe('It stopped at its budget. Raise execution.budget, or ask for less.');
  });

  it('counts against the budget over all attempts of the job, and each tells its own', async () => {
    const asked: ExecutionRequest[] = [];
    const run: Run = (request) => {
      asked.push(request);
      return Promise.resolve(err({ kind: 'failed', message: 'It broke.', usage: { inputTokens: 50 } }));
    };
    const clock = new ManualClock();
    await open([executor('x', run)], { clock });
    const { jobId } = must(await host.submit(by('x', { budget: { tokens: 100 }, maxAttempts: 5 })));
    const job = await host.until(jobId, ({ state }) => {
      clock.advance(60_000);
      return state === 'FAILED';
    });
    expect(asked.map(({ budget }) => budget)).toEqual([{ tokens: 100 }, { tokens: 50 }]);
    expect(job).toMatchObject({ reasonCode: 'POLICY', attempt: 3, usage: { inputTokens: 100 } });
    expect(job.message).toBe('Nothing of its budget is left for another run. Raise execution.budget, or ask for less.');
    const { entries } = must(await host.relay.events({ jobId }));
    expect(entries.flatMap(({ event }) => (event.type === 'attemptFailed' ? [event.outcome.usage] : []))).toEqual([
      { inputTokens: 50 },
      { inputTokens: 50 },
    ]);
  });

  it('counts against the budget also where it is told at the end alone', async () => {
    const run: Run = (_request, { directory: slot }) => {
      writeFileSync(join(slot, 'new.txt'), 'x\n');
      return Promise.resolve(ok({ usage: { costUsd: 0.25 } }));
    };
    await open([executor('x', run)]);
    expect(await host.run(by('x', { budget: { usd: 0.2 } }))).toMatchObject({
      state: 'FAILED',
      reasonCode: 'POLICY',
      usage: { costUsd: 0.25 },
    });
  });
});

describe('a question of an executor', () => {
  const asking: Run = async (_request, { directory: slot, ask }) => {
    const [one, two] = await Promise.all([
      ask({ text: 'Which?', choices: ['left', 'right'], fallback: 'left' }),
      ask({ text: 'Name it.', choices: [], fallback: 'nobody' }),
    ]);
    writeFileSync(join(slot, 'answer.txt'), `${one} ${two}\n`);
    return ok({});
  };

  it('makes the job wait, one question after the other, and its answer is journaled', async () => {
    await open([executor('asker', asking)]);
    const { jobId } = must(await host.submit(by('asker')));
    for (const [text, answer, origin] of [
      ['Which?', 'right', 'mcp'],
      ['Name it.', 'Ada, of course', 'cli'],
    ] as const) {
      const job = await host.until(jobId, ({ question }) => question?.text === text);
      const { askId = '' } = job.question ?? {};
      must(await host.relay.answer({ jobId, askId, answer, origin }));
    }
    const job = await host.ended(jobId);
    expect(await patchOf(job)).toContain('+right Ada, of course\n');
    const { entries } = must(await host.relay.events({ jobId }));
    expect(entries.flatMap(({ event }) => (event.type === 'answered' ? [[event.answer, event.by]] : []))).toEqual([
      ['right', 'mcp'],
      ['Ada, of course', 'cli'],
    ]);
    expect((await host.artifact(jobId, 'logs.txt')).toString()).toMatch(/asks: Which\?.*the answer: right/s);
  });

  it('about what an agent may do is answered by no agent', async () => {
    const asker: Run = async (_request, { ask }) => {
      const answer = await ask({ text: 'May I?', choices: ['yes', 'no'], fallback: 'no', personsOnly: true });
      return answer === 'yes' ? ok({}) : err({ kind: 'failed', message: 'refused' });
    };
    await open([executor('asker', asker)]);
    const { jobId } = must(await host.submit({ ...by('asker'), allowEmpty: true }, { origin: 'mcp' }));
    const job = await host.until(jobId, ({ state }) => state === 'WAITING');
    const answer = { jobId, askId: job.question?.askId ?? '', answer: 'yes' };
    expect(await host.relay.answer({ ...answer, origin: 'mcp' })).toMatchObject({
      ok: false,
      error: { kind: 'refused' },
    });
    must(await host.relay.answer({ ...answer, origin: 'editor' }));
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('that nobody answers gets the fallback with all defaults too, before the job expires', async () => {
    const clock = new ManualClock();
    await open([executor('asker', asking)], { clock });
    const { jobId } = must(await host.submit(by('asker')));
    for (const text of ['Which?', 'Name it.']) {
      const { question } = await host.until(jobId, (job) => job.question?.text === text);
      clock.advance((question?.deadline ?? 0) - clock.now());
    }
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED' });
    expect(clock.now()).toBeLessThan(must(await host.relay.get({ jobId })).createdAt + 3600 * 1000);
  });

  it('is over with the run that asked it, and blocks neither a later one nor the gates', async () => {
    const edits = (oldText: string) => ({
      proposal: JSON.stringify({ edits: [{ path: 'a.txt', oldText, newText: '1' }] }),
    });
    let told = 'nothing';
    const asker: Run = async ({ repair }, { ask }) => {
      const question = { choices: ['yes', 'no'], fallback: 'no' };
      if (repair !== undefined) {
        told = await ask({ ...question, text: 'The last?' });
        return ok(edits('one'));
      }
      for (const text of ['Nobody waits for this?', 'Or for this?']) void ask({ ...question, text });
      return Promise.resolve(ok(edits('no such text')));
    };
    await open([executor('asker', asker)]);
    const { jobId } = must(await host.submit(by('asker')));
    const { question } = await host.until(jobId, (job) => job.question?.text === 'The last?');
    must(await host.relay.answer({ jobId, askId: question?.askId ?? '', answer: 'yes', origin: 'cli' }));
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED' });
    expect(told).toBe('yes');
    const { entries } = must(await host.relay.events({ jobId }));
    const answers = entries.flatMap(({ event }) => (event.type === 'answered' ? [`${event.answer} ${event.by}`] : []));
    expect(answers).toEqual(['no ended', 'yes cli']);
  });

  it('is over once the budget is passed', async () => {
    const asker: Run = async (_request, { ask, onUsage }) => {
      const asked = ask({ text: 'On?', choices: [], fallback: 'no' });
      onUsage({ inputTokens: 2 });
      await asked;
      return err({ kind: 'aborted' });
    };
    await open([executor('asker', asker)]);
    const job = await host.run(by('asker', { budget: { tokens: 1 } }));
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'POLICY' });
  });

  it('that is asked when the run is over gets its fallback', async () => {
    let ask: ExecutionContext['ask'] | undefined;
    await open([
      executor('asker', (_request, context) => {
        ({ ask } = context);
        return Promise.resolve(ok({}));
      }),
    ]);
    const { jobId } = must(await host.submit({ ...by('asker'), allowEmpty: true }));
    await host.ended(jobId);
    expect(await ask?.({ text: 'Still?', choices: [], fallback: 'no' })).toBe('no');
  });

  it('that nobody answers gets the fallback, and the time that it took is not the attempt’s', async () => {
    const clock = new ManualClock();
    await open([executor('asker', asking)], { clock });
    const { jobId } = must(await host.submit(by('asker', { timeoutS: 60, ttlS: 86_400 })));
    for (const text of ['Which?', 'Name it.']) {
      await host.until(jobId, ({ question }) => question?.text === text);
      clock.advance(3600 * 1000);
    }
    const job = await host.ended(jobId);
    expect(job).toMatchObject({ state: 'SUCCEEDED' });
    expect(await patchOf(job)).toContain('+left nobody\n');
  });
});

it('a bug of the relay’s fails its job by name, and its log, its stream and what it used are kept', async () => {
  const run: Run = (_request, { onLog, onRaw, onUsage }) => {
    onLog({ stream: 'agent', text: 'so far' });
    onRaw({ stream: 'stdout', text: 'printed' });
    onUsage({ inputTokens: 5 });
    return Promise.resolve(
      ok({
        get proposal(): string {
          throw new Error('a bug');
        },
      }),
    );
  };
  await open([executor('x', run)]);
  const job = await host.run(by('x'));
  expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'INTERNAL_ERROR', usage: { inputTokens: 5 } });
  expect((await host.artifact(job.jobId, 'logs.txt')).toString()).toMatch(/so far.*failed at this job: a bug/s);
  expect((await host.artifact(job.jobId, 'stream.jsonl')).toString()).toContain('printed');
  expect(readdirSync(join(host.host.places.record, 'logs'))).toEqual([]);
});

describe('the value of a variable that is let through', () => {
  const VALUE = 'plain words+that/nobody=knows';
  const given = { environment: { AGENT_KEY: VALUE }, environmentNames: () => ['AGENT_KEY'] };

  it('is in no question, and the executor hears its own words', async () => {
    let heard: readonly string[] = [];
    const run: Run = async (_request, { ask }) => {
      const one = await ask({ text: `Use ${VALUE}?`, choices: [`yes, ${VALUE}`, 'no'], fallback: 'no' });
      heard = [one, await ask({ text: 'Which?', choices: [], fallback: VALUE })];
      return ok({});
    };
    const clock = new ManualClock();
    await open([executor('x', run)], { ...given, clock });
    const { jobId } = must(await host.submit({ ...by('x', { ttlS: 86_400 }), allowEmpty: true }));
    const { question } = await host.until(jobId, ({ state }) => state === 'WAITING');
    expect(question).toMatchObject({ text: 'Use [redacted: value of AGENT_KEY]?' });
    const [answer = ''] = question?.choices ?? [];
    must(await host.relay.answer({ jobId, askId: question?.askId ?? '', answer, origin: 'cli' }));
    await host.until(jobId, (job) => job.question?.text === 'Which?');
    clock.advance(3600 * 1000);
    await host.ended(jobId);
    expect(heard).toEqual([`yes, ${VALUE}`, VALUE]);
    expect(JSON.stringify(must(await host.relay.events({ jobId })))).not.toContain(VALUE);
  });

  it('is not in what a provider says that takes no more', async () => {
    const clock = new ManualClock();
    const until = clock.now() + 3_600_000;
    await open([executor('x', () => Promise.resolve(err({ kind: 'limited', message: `${VALUE} is over.`, until })))], {
      ...given,
      clock,
    });
    const { jobId } = must(await host.submit(by('x')));
    await host.until(jobId, ({ state, stateVersion }) => state === 'QUEUED' && stateVersion > 1);
    const told = [must(await host.relay.events({ jobId })), must(await host.relay.executors({ anew: false }))];
    expect(JSON.stringify(told)).not.toContain(VALUE);
    expect(JSON.stringify(told).match(/\[redacted: value of AGENT_KEY\] is over/g)).toHaveLength(2);
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
  });
});

/** Limited until `clock` is at `until`. */
function limited(clock: Clock, until: number) {
  const runs: number[] = [];
  const run: Run = (_request, { directory: slot }) => {
    runs.push(clock.now());
    if (clock.now() < until) return Promise.resolve(err({ kind: 'limited', message: 'Too many requests.', until }));
    writeFileSync(join(slot, 'done.txt'), 'x\n');
    return Promise.resolve(ok({}));
  };
  return { runs, executor: executor('x', run) };
}

describe('a provider that takes no more', () => {
  it('holds its jobs until the reset and fails none; others go on', async () => {
    const clock = new ManualClock();
    const until = clock.now() + 600_000;
    const { executor: one, runs } = limited(clock, until);
    await open(
      [
        one,
        executor('y', (_request, { directory: slot }) => {
          writeFileSync(join(slot, 'y.txt'), 'y\n');
          return Promise.resolve(ok({}));
        }),
      ],
      { clock, concurrency: 1 },
    );
    const { jobId } = must(await host.submit(by('x')));
    await host.until(jobId, ({ state, stateVersion }) => state === 'QUEUED' && stateVersion > 1);
    const behind = must(await host.submit(by('x')));
    expect(await host.run(by('y'))).toMatchObject({ state: 'SUCCEEDED' });
    expect(runs).toHaveLength(1);
    const { executors } = must(await host.relay.executors({ anew: false }));
    expect(executors.find(({ name }) => name === 'x')).toMatchObject({
      heldUntil: until,
      heldBecause: 'Too many requests.',
    });
    clock.advance(600_000);
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
    expect(await host.ended(behind.jobId)).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  });

  it('is passed over for a task that names no executor', async () => {
    const clock = new ManualClock();
    const { executor: one } = limited(clock, clock.now() + 600_000);
    const other: Run = (_request, { directory: slot }) => {
      writeFileSync(join(slot, 'y.txt'), 'y\n');
      return Promise.resolve(ok({}));
    };
    await open([one, executor('y', other)], { clock, executorSettings: () => ({ order: ['x', 'y'] }) });
    expect(await host.run({ task: { title: 't' } })).toMatchObject({ state: 'SUCCEEDED', executor: 'y', attempt: 2 });
  });
});

describe('a task that names no executor', () => {
  const works: Run = (_request, { directory: slot }) => {
    writeFileSync(join(slot, 'x.txt'), 'x\n');
    return Promise.resolve(ok({}));
  };
  const readiness = (told: Readiness): Partial<Executor> => ({ probe: () => Promise.resolve(told) });

  it('gets the first that is ready, in the user’s order', async () => {
    const missing = readiness({ state: 'notInstalled', message: 'Install it.' });
    await open([executor('one', works, missing), executor('two', works), executor('three', works)], {
      executorSettings: () => ({ order: ['one', 'three', 'two'] }),
    });
    const { jobId, state } = must(await host.submit({ task: { title: 't' } }));
    expect(state).toBe('QUEUED');
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', executor: 'three' });
  });

  it('says what is wrong with each where none is ready', async () => {
    await open([executor('one', works, readiness({ state: 'notSignedIn', message: 'Sign in to one.' }))], {
      executorSettings: () => ({ order: ['one'] }),
    });
    const job = await host.run({ task: { title: 't' }, execution: { maxAttempts: 3 } });
    expect(job).toMatchObject({ state: 'FAILED', reasonCode: 'EXECUTOR_ERROR', attempt: 1 });
    expect(job.message).toMatch(/No executor is ready\. one: Sign in to one\..*execution\.command/);
  });

  /** Takes no more until `until`, and is the only one that keeps a budget in dollars. */
  const spending = (name: string, until: number): Executor =>
    executor(name, () => Promise.resolve(err({ kind: 'limited', message: 'no more', until })), {
      abilities: { sandboxes: [], budgets: ['usd'] },
    });

  it('holds up no other that names none, and looks again when an executor comes', async () => {
    const clock = new ManualClock();
    const plugins = new Plugins([
      spending('x', clock.now() + 600_000),
      executor('y', works, { abilities: noAbilities }),
    ]);
    host = await openTestHost({
      directory: repository,
      cache: join(directory, 'cache'),
      plugins,
      clock,
      concurrency: 1,
      executorSettings: () => ({ order: ['x', 'y', 'z'] }),
    });
    const { jobId } = must(await host.submit({ task: { title: 't' }, execution: { budget: { usd: 1 } } }));
    await host.until(jobId, ({ state, attempt }) => state === 'QUEUED' && attempt === 1);
    expect(await host.run({ task: { title: 't' } })).toMatchObject({ state: 'SUCCEEDED', executor: 'y' });
    expect(await host.view(jobId)).toMatchObject({ state: 'QUEUED', attempt: 1 });
    plugins.bring(executor('z', works));
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', executor: 'z', attempt: 2 });
  });

  it('goes on where the hold ends while it looks', async () => {
    const clock = new ManualClock();
    let release: ((told: Readiness) => void) | undefined;
    let asked: (() => void) | undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const probe = (): Promise<Readiness> => {
      asked?.();
      return new Promise((resolve) => (release = resolve));
    };
    const { executor: one } = limited(clock, clock.now() + 5000);
    await open([{ ...one, probe }], { clock, concurrency: 1, executorSettings: () => ({ order: ['x'] }) });
    const first = must(await host.submit(by('x')));
    await host.until(first.jobId, ({ state, attempt }) => state === 'QUEUED' && attempt === 1);
    const { jobId } = must(await host.submit({ task: { title: 't' } }));
    await isAsked;
    clock.advance(5000);
    release?.({ state: 'ready' });
    expect(await host.ended(jobId)).toMatchObject({ state: 'SUCCEEDED', executor: 'x' });
    expect(await host.ended(first.jobId)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('gives its place back at once where it is canceled while it looks, and holds no stop', async () => {
    const probe = (): Promise<Readiness> => new Promise(() => undefined);
    await open([executor('x', works, { probe }), executor('y', works)], {
      clock: new ManualClock(),
      concurrency: 1,
      executorSettings: () => ({ order: ['x'] }),
    });
    const { jobId } = must(await host.submit({ task: { title: 't' } }));
    must(await host.relay.cancel({ jobId, origin: 'cli' }));
    expect(await host.run(by('y'))).toMatchObject({ state: 'SUCCEEDED' });
    must(await host.submit({ task: { title: 't' } }));
  });

  it('passes over one that cannot do what is asked', async () => {
    const able = { abilities: { sandboxes: ['read-only'], budgets: [] } } as const;
    await open([executor('one', works), executor('two', works, able)], {
      executorSettings: () => ({ order: ['one', 'two'] }),
    });
    const spec = { task: { title: 't' }, execution: { sandbox: 'read-only' } } as const;
    expect(await host.run(spec)).toMatchObject({ state: 'SUCCEEDED', executor: 'two' });
  });
});

describe('what a program printed', () => {
  it('is kept as it came, without the secrets in it', async () => {
    const key = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
    const run: Run = (_request, { directory: slot, onRaw }) => {
      writeFileSync(join(slot, 'x.txt'), 'x\n');
      onRaw({ stream: 'stdout', text: '{"type":"start"}' });
      onRaw({ stream: 'stderr', text: `token ${key}` });
      return Promise.resolve(ok({}));
    };
    await open([executor('x', run)]);
    const job = await host.run(by('x'));
    expect(job).toMatchObject({
      state: 'FAILED',
      reasonCode: 'POLICY',
      secrets: [{ source: 'stream.jsonl', line: 2 }],
    });
    const lines = (await host.artifact(job.jobId, 'stream.jsonl')).toString();
    expect(lines).toContain('"stream":"stdout","text":"{\\"type\\":\\"start\\"}"');
    expect(lines).not.toContain(key);
  });
});
