import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { jsonLog } from '../../src/base/log.ts';
import type { JobView } from '../../src/protocol/jobView.ts';
import { openHost, type Host } from '../../src/host.ts';
import { MCP_PATH } from '../../src/mcp/routes.ts';
import { RelayClient } from './client.ts';
import { endEarlierHost } from './earlierHost.ts';
import { makeSample } from './sample.ts';

export interface DemonstrationOptions {
  /** `repo` and `home` in it are made anew: nothing of the run is elsewhere. */
  readonly directory: string;
  /** How the output names `directory`. */
  readonly shownAs: string;
  /** The folder of sql-wasm.wasm. */
  readonly assets: string;
  readonly write: (text: string) => void;
  readonly environment: NodeJS.ProcessEnv;
}

const spec = {
  task: {
    title: 'Replace the deprecated Buffer constructor',
    description: 'Node has deprecated new Buffer(…). Use Buffer.from(…) instead, everywhere below src.',
  },
  scope: { fileGlobs: ['src/**'] },
  execution: { executor: 'command', command: 'node codemods/buffer-from.js', timeoutS: 60 },
  checks: [
    { name: 'tests', run: 'node test.js', must: undefined },
    { name: 'no deprecated calls', run: 'node --throw-deprecation test.js', must: 'pass' },
  ],
};

/** One task from its submission to a proven patch, by the doors that everybody uses. Whether the job SUCCEEDED. */
export async function demonstrate(options: DemonstrationOptions): Promise<boolean> {
  const repository = join(options.directory, 'repo');
  // Below a home of its own, neither the user's cache nor their git configuration has a part in this.
  const home = join(options.directory, 'home');
  const environment = { ...options.environment, HOME: home, XDG_CACHE_HOME: '', LOCALAPPDATA: home };
  await endEarlierHost(repository);
  for (const made of [repository, home]) await rm(made, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  const commit = await makeSample(repository, environment);
  const opened = await openHost({
    directory: repository,
    assets: options.assets,
    mode: 'run',
    agentCommands: 'allow',
    version: '0',
    environment,
    clock: systemClock,
    log: jsonLog(
      (line) => options.write(line),
      () => systemClock.now(),
      'warn',
    ),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const host = opened.value;
  try {
    options.write(beginning(options, commit, host));
    return await runOne(options, host);
  } finally {
    await host.close();
  }
}

async function runOne({ write, shownAs }: DemonstrationOptions, host: Host): Promise<boolean> {
  const client = new RelayClient();
  await client.connect(`${host.url ?? ''}${MCP_PATH}`, host.token);
  try {
    const begun = systemClock.monotonic();
    const since = (): string => `${((systemClock.monotonic() - begun) / 1000).toFixed(2).padStart(5)} s`;
    const { jobId, state } = await client.submit(spec);
    write(`\nStates of job ${jobId}, as they are pushed\n  ${since()}  ${state}\n`);
    const last = await client.follow(jobId, (view) => {
      if (view.stateVersion > 1) write(`  ${since()}  ${view.state}${because(view)}\n`);
    });
    write(checksOf(last));
    if (last.artifacts.some((artifact) => artifact.name === 'patch.diff'))
      write(`\nPatch\n${indented(await client.artifact(jobId, 'patch.diff'))}\n`);
    write(last.state === 'SUCCEEDED' ? whatNext(jobId, `${shownAs}/repo`) : afterFailure(jobId, `${shownAs}/repo`));
    return last.state === 'SUCCEEDED';
  } finally {
    await client.close();
  }
}

function beginning({ shownAs }: DemonstrationOptions, commit: string, host: Host): string {
  const rows = [
    ['Repository', `${shownAs}/repo at ${commit.slice(0, 10)}, a sample made for this run`],
    ['Relay', `${host.url ?? ''}${MCP_PATH}, listening for this run`],
    ['Task', spec.task.title],
    ['Command', spec.execution.command],
    ...spec.checks.map(({ name, run, must }) => [
      'Check',
      `${name}: ${run}${must === undefined ? '' : ' (fails without the change)'}`,
    ]),
  ];
  const lines = rows.map(([name = '', text = '']) => `  ${name.padEnd(12)}${text}`);
  return `Task Relay: one task, submitted by an MCP client, run and proven by the relay.\n\n${lines.join('\n')}\n`;
}

function because({ reasonCode, message }: JobView): string {
  return reasonCode === undefined ? '' : ` (${reasonCode}): ${message ?? ''}`;
}

function checksOf({ checks }: JobView): string {
  const width = Math.max(0, ...checks.map((check) => check.name.length));
  const lines = checks.map(
    ({ name, verdict, label, detail }) =>
      `  ${verdict}  ${name.padEnd(width)}  ${label === undefined ? '' : `${label}: `}${(detail ?? '').replaceAll('\n', ' → ')}\n`,
  );
  return `\nChecks that the relay ran\n${lines.join('')}`;
}

/** The patch changed nothing of the user's so far: these commands do, and take it back. */
function whatNext(jobId: string, repository: string): string {
  const job = jobId.slice(0, 6);
  const rows = [
    [`${CLI} apply ${job} --repo ${repository}`, 'write the patch into the working tree'],
    [`git -C ${repository} diff`, 'look at it'],
    [`${CLI} undo ${job} --repo ${repository}`, 'take it back, to the byte'],
    [`${CLI} show ${job} --repo ${repository}`, 'all that is known of the job'],
    [
      `${CLI} artifact ${job} out.md --repo ${repository}`,
      'its report; also patch.diff, certificate.json, logs.txt, pr.json',
    ],
    [`${CLI} verify ${job} --repo ${repository}`, 'run again what its certificate claims'],
  ];
  return [
    `\nThe working tree in ${repository} is untouched. Next:\n`,
    ...rows.map(([command = '', what = '']) => `  ${command}\n      ${what}\n`),
    `\nOn a repository of your own (nothing in it changes until you apply):\n`,
    `  ${CLI} submit --repo /path/to/repo --title "Format" --run "npx --yes prettier --write ." --wait\n`,
    `\nAs an MCP server for an agent:\n`,
    `  ${CLI} serve --repo /path/to/repo --allow-commands\n`,
  ].join('');
}

function afterFailure(jobId: string, repository: string): string {
  return `\nThe job did not succeed, which this sample should. Its log says more:\n  ${CLI} artifact ${jobId.slice(0, 6)} logs.txt --repo ${repository}\n`;
}

const CLI = 'npm run -s task-relay --';

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
