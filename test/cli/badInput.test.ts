import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from '../fixtures/repository.ts';
import { Bed } from './bed.ts';

const task = ['submit', '--title', 'A task', '--run', 'true'] as const;

/** A command line, and what the one line on stderr must name. */
const wrong: readonly (readonly [args: readonly string[], named: RegExp])[] = [
  [['frobnicate'], /no command "frobnicate".*task-relay help/],
  [['submit', '--run', 'true'], /--title/],
  [['submit', '--title', 'x', '--executor', 'command'], /--run/],
  [['submit', '--title', '  ', '--run', 'true'], /task\.title/],
  [['submit', '--title', 'x'.repeat(201), '--run', 'true'], /task\.title.*200/],
  [[...task, '--colour'], /--colour/],
  [[...task, 'more'], /"more" is one word too many/],
  [[...task, '--priority', 'P9'], /execution\.priority/],
  [[...task, '--ttl', '-1'], /--ttl/],
  [[...task, '--ttl', '1.5'], /--ttl takes a whole number/],
  [[...task, '--timeout', '0'], /--timeout takes a whole number from 1/],
  [[...task, '--check', 'true'], /--check takes NAME=CMD, not "true"/],
  [[...task, '--glob', ''], /scope\.fileGlobs/],
  [[...task, '--glob', '!src/**'], /scope\.fileGlobs.*does not begin with "!"/],
  [[...task, '--allow-protected', '!x'], /scope\.allowProtected\[0\].*does not begin with "!"/],
  [[...task, '--executor', 'hal9000'], /no executor named "hal9000".*command/],
  [['submit', '--spec', 'spec.json', '--title', 'x'], /leave out --title/],
  [['submit', '--spec', 'missing.json'], /missing\.json/],
  [['submit', '--spec', 'broken.json'], /broken\.json.*JSON/],
  [['submit', '--spec', 'unknown.json'], /colour: unknown field/],
  [['submit', '--spec', 'short.json'], /repo\.baselineCommit.*full/],
  [['submit', '--spec', 'absent.json'], /0{40}.*git rev-parse HEAD/],
  [['submit', '--spec', 'url.json'], /repo\.url "ext::/],
  [['jobs', '--state', 'ASLEEP'], /--state is one of QUEUED/],
  [['jobs', '--limit', '101'], /--limit takes a whole number from 1 to 100/],
  [['jobs', '--offset', 'x'], /--offset/],
  [['show'], /Give a job id/],
  [['show', 'zzzz'], /No job begins with "zzzz".*task-relay jobs/],
  [['show', 'abcdefghijklmnop'], /No job begins with "abcdefghijklmnop".*task-relay jobs/],
  [['show', '%'], /No job begins with "%"/],
  [['show', '_'.repeat(100)], /No job begins/],
  [['artifact', 'zzzz'], /Give an artifact name/],
  [['artifact', 'zzzz', 'passwd'], /patch\.diff, out\.md, logs\.txt, pr\.json/],
  [['logs', 'zzzz', '--follow'], /No job begins/],
  [['cancel', 'zzzz'], /No job begins/],
  [['retry', 'zzzz'], /No job begins/],
  [['apply', 'zzzz', '--check'], /No job begins/],
  [['undo', 'zzzz'], /No job begins/],
  [['serve', '--port', '65536'], /--port takes a whole number from 0 to 65535/],
  [['serve', '--port'], /--port/],
  [['serve', '--protect', '!x'], /--protect or --lift is not valid: protect\[0\]/],
  [['serve', '--max-patch', '0'], /--max-patch takes a whole number from 1/],
  [['serve', '--max-files', '1e3'], /--max-files takes a whole number/],
  [['serve', '--max-file', '-1'], /--max-file/],
  [['jobs', '--repo', 'nowhere'], /nowhere" is no folder that can be read/],
  [['jobs', '--repo', '..'], /not in a git repository.*git init/],
  [['jobs', '--repo', '../bare.git'], /is a bare repository.*clone/],
  [['jobs', '--repo', '.git'], /working tree/],
  [[...task, '--repo', '../unborn'], /no commit yet/],
  [['jobs', '--data', 'a.txt'], /a\.txt/],
  [['jobs', '--data', 'a.txt/below'], /a\.txt\/below/],
];

it('each wrong input ends with exit code 2 and one line that names it', async () => {
  const bed = new Bed();
  const local = (baselineCommit: string): object => ({
    repo: { type: 'local', path: bed.repo, baselineCommit },
    task: { title: 'x' },
    execution: { command: 'true' },
  });
  const specs = {
    'spec.json': { task: { title: 'x' }, execution: { command: 'true' } },
    'unknown.json': { task: { title: 'x' }, colour: 'red' },
    'short.json': local('abc1234'),
    'absent.json': local('0'.repeat(40)),
    'url.json': {
      repo: { type: 'git', url: 'ext::sh -c id', baseBranch: 'main', baselineCommit: '0'.repeat(40) },
      task: { title: 'x' },
      execution: { command: 'true' },
    },
  };
  for (const [name, spec] of Object.entries(specs)) writeFileSync(join(bed.repo, name), JSON.stringify(spec));
  writeFileSync(join(bed.repo, 'broken.json'), '{"task":\n');
  git(bed.root, 'init', '--quiet', '--bare', 'bare.git');
  mkdirSync(join(bed.root, 'unborn'));
  git(join(bed.root, 'unborn'), 'init', '--quiet');

  for (const [args, named] of wrong) {
    const { code, stdout, stderr } = await bed.run(args);
    const told = `task-relay ${args.join(' ')}: ${stdout}${stderr}`;
    expect.soft(code, told).toBe(2);
    expect.soft(stdout, told).toBe('');
    expect.soft(stderr, told).toMatch(/^task-relay: [^\n]+\n$/);
    expect.soft(stderr, told).toMatch(named);
  }
});

it('a command alone, its help and the version are told on stdout', async () => {
  const bed = new Bed();
  const [nothing, help, submit, version] = await Promise.all([
    bed.run([]),
    bed.run(['help']),
    bed.run(['submit', '--help']),
    bed.run(['--version']),
  ]);
  expect(nothing.code).toBe(2);
  expect(help.code).toBe(0);
  for (const name of 'serve submit jobs show artifact logs cancel retry rebase follow apply undo'.split(' '))
    expect(help.stdout).toContain(`  task-relay ${name} `);
  expect(submit.stdout).toMatch(/^task-relay submit .*--spec FILE\|-/);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
