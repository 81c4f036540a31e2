import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCassette, type Cassette } from '../../src/domain/cassette.ts';
import { newJobId } from '../../src/domain/ids.ts';
import type { JobSpec } from '../../src/domain/jobSpec.ts';
import { replayExecutor } from '../../src/executors/replay.ts';
import { expectNothingLeft } from '../fixtures/leftovers.ts';
import { makeRepository, removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { command, openTestHost, type TestHost } from '../fixtures/testHost.ts';
import { contextIn } from './asking.ts';

let directory: string;
let host: TestHost;

beforeEach(async () => {
  directory = temporaryDirectory();
  makeRepository(join(directory, 'repo'), { 'a.txt': 'a\n' });
  host = await openTestHost({ directory: join(directory, 'repo'), cache: join(directory, 'cache') });
});
afterEach(async () => {
  await host.close();
  await expectNothingLeft(host.host.places);
  removeDirectory(directory);
});

function cassette(stream: string, made: Cassette['made']): JobSpec {
  const file = join(directory, 'x.cassette.jsonl');
  writeFileSync(file, formatCassette({ cassette: 1, executor: 'anyone', version: '7' }, stream, made));
  return { task: { title: 't' }, execution: { cassette: file } };
}

describe('a cassette of a job', () => {
  it('makes the same patch again, byte for byte, and says what was said', async () => {
    const original = await host.run(
      command("printf '\\000\\377' > b.bin; printf 'x\\r\\n' >> a.txt; ln -s a.txt l; chmod +x a.txt"),
    );
    const patch = await host.artifact(original.jobId, 'patch.diff');
    const stream = '{"at":0,"stream":"stdout","text":"hello"}\n{"at":1,"exit":{"kind":"exited","exitCode":0}}\n';
    const job = await host.run(
      cassette(stream, { patch: patch.toString('base64'), summary: 'Done.', usage: { turns: 2 } }),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', executor: 'replay', summary: 'Done.', usage: { turns: 2 } });
    expect(await host.artifact(job.jobId, 'patch.diff')).toEqual(patch);
    expect((await host.artifact(job.jobId, 'logs.txt')).toString()).toMatch(
      /plays what anyone 7 did.*stdout \| hello/s,
    );
    expect((await host.artifact(job.jobId, 'stream.jsonl')).toString()).toContain('"text":"hello"');
  });

  it('whose patch does not fit here is a CONFLICT', async () => {
    const patch = Buffer.from('--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-other\n+b\n').toString('base64');
    expect(await host.run(cassette('', { patch }))).toMatchObject({ state: 'FAILED', reasonCode: 'CONFLICT' });
  });

  it('that cannot be played says why', async () => {
    const play = (path: string): Promise<{ message?: string | undefined }> =>
      host.run({ task: { title: 't' }, execution: { cassette: path } });
    writeFileSync(join(directory, 'no'), 'no\n');
    expect((await play(join(directory, 'no'))).message).toMatch(/is no cassette/);
    expect((await play(join(directory, 'nowhere'))).message).toMatch(/cannot be read.*ENOENT/);
    expect((await play('no')).message).toMatch(/full path/);
    expect((await host.run({ task: { title: 't' }, execution: { executor: 'replay' } })).message).toMatch(
      /execution\.cassette/,
    );
  });

  it('goes on where it is for a second proposal of the same attempt, and for no other', async () => {
    const execution = { cassette: cassette('', { patch: '' }).execution?.cassette ?? '' };
    const request = { jobId: newJobId(), attempt: 1, spec: { task: { title: 't' }, execution } };
    const repair = { proposal: '{}', message: 'no' };
    const replay = replayExecutor([]);
    const context = contextIn(directory);
    expect(await replay.run(request, context)).toMatchObject({ ok: true });
    expect(await replay.run({ ...request, repair }, contextIn(directory))).toMatchObject({ ok: false });
    expect(await replay.run({ ...request, repair }, contextIn(directory, context.signal))).toMatchObject({ ok: true });
  });

  it('is played for nobody but a person', async () => {
    const spec = cassette('', { patch: '' });
    expect(await host.submit(spec, { origin: 'mcp' })).toMatchObject({
      ok: false,
      error: { kind: 'refused', message: expect.stringContaining('execution.cassette') as string },
    });
  });
});
