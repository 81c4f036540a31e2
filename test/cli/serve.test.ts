import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { readHostFile } from '../../src/guest/hostFile.ts';
import { Bed, lastJob, type Ran } from './bed.ts';
import { mcpClient } from './mcpClient.ts';

const DRAIN_MS = 5000;

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

it('prints one line of JSON, listens where it is told to, and is the only host', async () => {
  const bed = new Bed();
  const port = await freePort();
  const host = await bed.serve('--repo', bed.repo, '--port', String(port));
  expect(host).toMatchObject({
    url: `http://127.0.0.1:${String(port)}`,
    dataDir: bed.record,
    pid: host.running.child.pid,
  });
  const hostFile = await readHostFile(bed.record);
  expect(hostFile).toEqual({ url: host.url, token: expect.any(String) as unknown, pid: host.pid });
  const knock = async (path: string, token = ''): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${host.url}${path}`, { method: 'POST', headers, body: '{"call":"activity","input":{}}' }))
      .status;
  };
  // An agent has the token that is printed: what a guest may say, it may not.
  expect(await knock('/relay', host.token)).toBe(401);
  expect(await knock('/relay', hostFile?.token)).toBe(200);
  expect(await knock('/mcp', hostFile?.token)).not.toBe(401);
  expect(await knock('/mcp', host.token)).not.toBe(401);
  expect((await fetch(`${host.url}/mcp`, { method: 'POST' })).status).toBe(401);

  const second = await bed.run(['serve']);
  expect(second).toMatchObject({ code: 3, stdout: '' });
  expect(second.stderr).toMatch(/^task-relay: This repository has a host already.*host\.json": use it, or end it\.\n$/);
  const other = new Bed();
  const taken = await other.run(['serve', '--port', String(port)]);
  expect(taken).toMatchObject({ code: 3, stdout: '' });
  expect(taken.stderr).toMatch(/^task-relay: port \d+ is taken: give another port/);

  host.running.child.kill('SIGTERM');
  const { code, stdout, stderr } = await host.running.done;
  expect({ code, stderr, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, stderr: '', lines: 1 });
  expect(existsSync(join(bed.record, 'host.json'))).toBe(false);
  await bed.atRest();
});

it('runs no command that comes by MCP, unless it is started with --allow-commands', async () => {
  const bed = new Bed();
  const spec = {
    task: { title: 'T' },
    setup: 'touch setup',
    checks: [{ name: 'two', run: 'test -f n' }],
    execution: { executor: 'command', command: 'echo 2 > n' },
  };
  const careful = await bed.serve();
  const refused = await (await mcpClient(careful))('jobs_submit', { spec });
  expect(refused.isError).toBe(true);
  expect(refused.text).toMatch(
    /execution\.command \("echo 2 > n"\), setup \("touch setup"\), checks\[0\]\.run \("test -f n"\)/,
  );
  expect(refused.text).toMatch(/--allow-commands/);
  expect((await bed.run(['jobs'])).stdout).toMatch(/^No jobs yet/);
  careful.running.child.kill('SIGINT');
  await careful.running.done;

  const open = await bed.serve('--allow-commands');
  const { value } = await (await mcpClient(open))('jobs_submit', { spec });
  expect(value).toMatchObject({ state: 'QUEUED', stateVersion: 1, deduplicated: false });
  const followed = await bed.run(['logs', jobIdIn(value), '--follow']);
  expect(followed.stdout).toMatch(/relay {2}\| succeeded\n$/);
});

function jobIdIn(value: unknown): string {
  return typeof value === 'object' && value !== null && 'jobId' in value ? String(value.jobId) : '';
}

it('ends within 5 s of SIGTERM while a job runs, and the job goes on with the next host', async () => {
  const bed = new Bed();
  const first = await bed.serve();
  const gate = bed.gate();
  // Neither the command nor the child that flees into a session of its own heeds a SIGTERM.
  const run = `trap '' TERM; setsid sh -c "trap '' TERM; while :; do sleep 1; done" & ${gate.wait}; echo 2 > n`;
  const { jobId } = lastJob(await bed.run(['submit', '--title', 'T', '--run', run, '--json']));
  await gate.reached;
  const started = systemClock.monotonic();
  first.running.child.kill('SIGTERM');
  expect(await first.running.done).toMatchObject({ code: 0 });
  expect(systemClock.monotonic() - started).toBeLessThan(DRAIN_MS);
  expect(bed.living()).toEqual([]);
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'QUEUED', attempt: 1 });

  gate.open();
  const second = await bed.serve();
  await bed.run(['logs', jobId, '--follow']);
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
  second.running.child.kill('SIGTERM');
  await second.running.done;
  await bed.atRest();
});

it('ends by itself when it has been idle for as long as --idle-exit says, and not while a job runs', async () => {
  const bed = new Bed();
  const host = await bed.serve('--idle-exit', '1');
  let ended: Ran | undefined;
  void host.running.done.then((ran) => (ended = ran));
  const { jobId } = lastJob(await bed.run(['submit', '--title', 'T', '--run', 'sleep 2.5; echo 2 > n', '--json']));
  await bed.run(['logs', jobId, '--follow']);
  expect(ended).toBeUndefined();
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  expect(await host.running.done).toMatchObject({ code: 0, stderr: '' });
  await bed.atRest();
});

it('lets variables through by their names, and shows no value that was given in the place of one', async () => {
  const bed = new Bed();
  const wrong = await bed.run(['serve', '--env', 'AGENT_KEY=hunter22']);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^task-relay: --env: "AGENT_KEY" is not let through: give the name of a variable alone/);
  expect(wrong.stderr).not.toContain('hunter22');
  const never = await bed.run(['serve', '--env', 'GIT_DIR']);
  expect(never).toMatchObject({ code: 2, stderr: expect.stringContaining('"GIT_DIR" is not let through') as unknown });
  const env = { AGENT_KEY: 'one', OTHER_KEY: 'two', THIRD_KEY: 'three' };
  const host = bed.start(['serve', '--env', 'AGENT_KEY', '--env', 'OTHER_KEY'], { env });
  await host.said(/^\{"event":.*\}$/m);
  const job = await bed.job('--run', 'echo "$AGENT_KEY $OTHER_KEY $THIRD_KEY" > keys.txt');
  const { stdout } = await bed.run(['artifact', job.jobId, 'patch.diff']);
  expect(stdout).toMatch(/^\+one two $/m);
  host.child.kill('SIGTERM');
  expect((await host.done).code).toBe(0);
  await bed.atRest();
});
