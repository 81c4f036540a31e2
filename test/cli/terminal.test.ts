import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Bed, lastJob, lastLine, type Ran } from './bed.ts';

it('goes on with its work when nobody reads what it prints', async () => {
  const bed = new Bed();
  const gate = bed.gate();
  const waiting = bed.start(['submit', '--title', 'T', '--run', `${gate.wait}; echo 2 > n`, '--wait']);
  const [jobId = ''] = await waiting.said(/^[a-z2-7]{16}/);
  waiting.child.stdout?.destroy();
  waiting.child.stderr?.destroy();
  gate.open();
  expect((await waiting.done).code).toBe(0);
  expect(lastJob(await bed.run(['show', jobId, '--json']))).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
  await bed.atRest();
});

it('stops following a log that nobody reads, and stops quietly where a pipe is closed', async () => {
  const bed = new Bed();
  await bed.serve();
  const flood = 'i=0; while sleep 0.05; do i=$((i+1)); echo line $i; done';
  const { jobId } = lastJob(await bed.run(['submit', '--title', 'T', '--run', flood, '--json']));
  const following = bed.start(['logs', jobId, '--follow']);
  await following.said(/line 1\n/);
  following.child.stdout?.destroy();
  expect(await following.done).toMatchObject({ code: 0, stderr: '' });
  expect(lastJob(await bed.run(['show', jobId, '--json'])).state).toBe('RUNNING');
  await bed.run(['cancel', jobId]);

  const big = await bed.job('--run', 'head -c 3000000 /dev/urandom > binary');
  const piped = ['bash', '-c', '"$@" | head -c 10; exit ${PIPESTATUS[0]}', 'bash', process.execPath] as const;
  for (const args of [['artifact', big.jobId, 'patch.diff'], ['jobs'], ['show', big.jobId]]) {
    const { code, bytes, stderr } = await bed.run(args, { by: [...piped] });
    expect({ code, stderr, length: bytes.length }).toEqual({ code: 0, stderr: '', length: 10 });
  }
});

it('lets no control character of others’ texts reach a terminal', async () => {
  const bed = new Bed();
  await bed.serve();
  const nasty = '\u001b]0;pwned\u0007\u001b[2J\u009b2J\u202eevil\r\n\u0000x';
  const spec = {
    task: { title: nasty, description: nasty },
    checks: [{ name: nasty, run: "printf '\\033[31m'; exit 1", must: 'pass' }],
    execution: { command: "printf x > \"$(printf 'n\\033[31m\\nm')\"; printf '\\033[2J' >&2; exit 0" },
  };
  const file = join(bed.root, 'spec.json');
  writeFileSync(file, JSON.stringify(spec));
  const waited = await bed.run(['submit', '--spec', file, '--wait']);
  expect(waited.code).toBe(1);
  const id = waited.stdout.slice(0, 16);
  const failing = { ...spec, checks: [], execution: { command: "printf '\\033[2J' >&2; exit 1" } };
  const { checks, ...working } = { ...spec, execution: spec.execution };
  expect(checks.length).toBe(1);
  const good = lastJob(
    await bed.run(['submit', '--spec', '-', '--wait', '--json'], { stdin: JSON.stringify(working) }),
  );
  expect(good.state).toBe('SUCCEEDED');
  const ran: readonly Ran[] = [
    waited,
    await bed.run(['submit', '--spec', '-', '--wait'], { stdin: JSON.stringify(failing) }),
    await bed.run(['show', id]),
    await bed.run(['show', id, '--json']),
    await bed.run(['jobs']),
    await bed.run(['jobs', '--json']),
    await bed.run(['apply', good.jobId, '--check']),
    await bed.run(['show', '\u001b[2J']),
    await bed.run(['\u001b[2J']),
    await bed.run(['jobs', '--repo', 'no\u001b[2J']),
    await bed.run(['submit', '--spec', '-'], { stdin: JSON.stringify({ ...spec, ['\u001b[2J']: 1 }) }),
  ];
  for (const { stdout, stderr } of ran) {
    expect(Array.from(`${stdout}${stderr}`).filter(isControl)).toEqual([]);
    expect(`${stdout}${stderr}`).not.toBe('');
  }
  expect(lastLine(await bed.run(['show', id, '--json']))).toMatchObject({ title: nasty.trim() });
});

it('says that this Node is too old, where it is', async (context) => {
  const node = '/usr/bin/node';
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  const [, major] = /^v(\d+)\./.exec(status === 0 ? stdout : '') ?? [];
  if (major === undefined || Number(major) >= 22) context.skip(`${node} is no Node older than 22`);
  const bed = new Bed();
  for (const args of [['jobs'], ['--version'], ['serve']]) {
    const { code, stdout: said, stderr } = await bed.run(args, { by: [node] });
    expect({ code, said }).toEqual({ code: 3, said: '' });
    expect(stderr).toMatch(
      /^task-relay: needs Node 22\.13 or newer, and this is \d+\.\d+\.\d+\. Install a newer Node\.\n$/,
    );
  }
});

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code !== 0x09 && code !== 0x0a;
  return (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
