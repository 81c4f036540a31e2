import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { systemClock } from '../../src/base/clock.ts';
import { signalGroup } from '../../src/process/group.ts';
import { launch, type Child, type Exited } from '../../src/process/launch.ts';
import { Lines } from '../../src/process/lines.ts';
import { MARK } from '../../src/process/mark.ts';
import { processTable } from '../../src/process/processTable.ts';
import { endTree } from '../../src/process/tree.ts';
import { git } from '../fixtures/repository.ts';
import type { CassetteLine } from './cassette.ts';
import { claudeArguments, claudeEnvironment, claudeScenarios } from './claude.ts';
import { codexArguments, codexEnvironment, codexScenarios } from './codex.ts';
import { layGround, type Ground } from './ground.ts';
import type { Request } from './model/script.ts';
import { startModel } from './model/server.ts';
import type { Scenario } from './scenario.ts';
import { standIns } from './standIns.ts';

interface Setup {
  readonly scenarios: Readonly<Record<string, Scenario>>;
  arguments(scenario: Scenario, ground: Ground): readonly string[];
  environment(url: string, ground: Ground): Readonly<Record<string, string>>;
}

export const setups = {
  codex: { scenarios: codexScenarios, arguments: codexArguments, environment: codexEnvironment },
  claude: { scenarios: claudeScenarios, arguments: claudeArguments, environment: claudeEnvironment },
} as const satisfies Readonly<Record<string, Setup>>;

export interface Seen {
  /** What it said, with stand-ins for all that is of this machine or this run. */
  readonly lines: readonly CassetteLine[];
  readonly exit: Exited;
  readonly endedAt: number;
  /** `git status --porcelain` afterwards. */
  readonly changes: readonly string[];
  /** How many processes had outlived it. They are ended. */
  readonly survivors: number;
  readonly requests: readonly Request[];
}

const PROMPT = 'Let greet say "Hi" instead of "Hello".\n';

/** Runs one scenario with the real program, against a scripted model, on a ground of its own; nothing stays behind. */
export async function runScenario(program: keyof typeof setups, executable: string, scenario: Scenario): Promise<Seen> {
  const setup: Setup = setups[program];
  const ground = layGround();
  const model = await startModel(scenario.script);
  try {
    const mark = `agents/${randomUUID()}`;
    const started = systemClock.monotonic();
    const [file = executable, ...args] = [...(scenario.under ?? []), executable, ...setup.arguments(scenario, ground)];
    const launched = await launch({
      file,
      args,
      cwd: ground.repository,
      env: environmentOf({ ...setup.environment(model.url, ground), ...scenario.env, [MARK]: mark }, ground),
      stdin: PROMPT,
    });
    if (!launched.ok) throw new Error(launched.error.message);
    const child = launched.value;
    const at = (): number => Math.round(systemClock.monotonic() - started);
    const lines = hear(child, at, standIns(placesOf(program, executable, ground)));
    if (scenario.isEnded === true) void model.asked.then(() => signalGroup(child.pid, 'SIGTERM'));
    const exit = await child.exited;
    const endedAt = at();
    const survivors = (await processTable(systemClock)?.marked(mark)) ?? [];
    await endTree({ leader: child.pid, ...child, mark }, systemClock);
    await child.closed;
    const changes = git(ground.repository, 'status', '--porcelain')
      .split('\n')
      .filter((line) => line !== '');
    return { lines: lines(), exit, endedAt, changes, survivors: survivors.length, requests: model.requests };
  } finally {
    await model.close();
    ground.remove();
  }
}

/** What a relay lets through, as far as the programs need it; nobody's time zone. */
function environmentOf(own: Readonly<Record<string, string | undefined>>, ground: Ground): Record<string, string> {
  const all = {
    PATH: process.env['PATH'],
    HOME: ground.home,
    TMPDIR: ground.temporary,
    TERM: 'dumb',
    TZ: 'UTC',
    ...own,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function placesOf(program: string, executable: string, ground: Ground) {
  const installed = executable.slice(0, executable.lastIndexOf('/node_modules/'));
  return [
    [ground.root, '/work'],
    [installed, `/work/agents/${program}`],
  ] as const;
}

function hear(child: Child, at: () => number, standIn: (text: string) => string): () => readonly CassetteLine[] {
  const heard: CassetteLine[] = [];
  const listen = (stream: CassetteLine['stream'], from: Readable): Lines => {
    const lines = new Lines((text) => heard.push({ at: at(), stream, text: standIn(text) }));
    from.on('data', (chunk: Buffer) => lines.take(chunk));
    return lines;
  };
  const both = [listen('stdout', child.stdout), listen('stderr', child.stderr)];
  return () => {
    for (const lines of both) lines.end();
    return heard;
  };
}
