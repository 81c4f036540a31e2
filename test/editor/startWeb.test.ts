import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { launch, type Child } from '../../src/process/launch.ts';
import { processTable, type ProcessRow } from '../../src/process/processTable.ts';
import { endMarked } from '../../src/process/tree.ts';
import { MARK } from '../../src/process/mark.ts';
import { removeDirectory, temporaryDirectory } from '../fixtures/repository.ts';
import { describeInEditor } from './inEditor.ts';
import { environmentIn } from './server.ts';
import { submitTask } from './submitTask.ts';
import { until } from './until.ts';
import { Window } from './window.ts';

const program = resolve(import.meta.dirname, '..', 'start', 'web.ts');

describeInEditor('npm run start:web', (_start, means) => {
  const directory = temporaryDirectory();
  const sample = join(directory, 'sample');
  const mark = `start-web/${String(process.pid)}`;
  let browser: Browser | undefined;

  afterEach(async () => {
    await browser?.close();
    await endMarked(mark, systemClock);
    removeDirectory(directory);
  });

  const startWeb = async (): Promise<{ readonly child: Child; readonly printed: () => string }> => {
    const args = [program, sample];
    const env = { ...environmentIn(directory), HOME: directory, [MARK]: mark };
    const launched = await launch({ file: process.execPath, args, cwd: directory, env });
    if (!launched.ok) throw new Error(launched.error.message);
    let printed = '';
    const hear = (chunk: Buffer): void => void (printed += chunk.toString());
    launched.value.stdout.on('data', hear);
    launched.value.stderr.on('data', hear);
    return { child: launched.value, printed: () => printed };
  };

  it('prints the address of an editor where a task runs, lets nobody in without it, and ends all on Ctrl+C', async () => {
    const { child, printed } = await startWeb();
    const address = await until(
      'the address',
      () => /^ {2}(http:\/\/127\.0\.0\.1:\d+\/\S+)$/m.exec(printed())?.[1],
      120_000,
    );
    expect(new URL(address).searchParams.get('folder')).toBe(join(sample, 'repo'));
    expect((await fetch(new URL('/', address))).status).toBe(403);

    browser = await chromium.launch({
      executablePath: means.chromium,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
      env: environmentIn(directory),
    });
    const window = new Window(await browser.newPage());
    await window.page.goto(address);
    await window.isReady();
    await window.activityBar.open('Task Relay');
    await submitTask(window, { title: 'The first task', command: 'node codemods/buffer-from.js' });
    await window
      .tree('Jobs')
      .row('The first task')
      .describedAs(/^SUCCEEDED · command · /);
    await window.screenshot('start-web');

    const started = await below(child.pid);
    expect(started.length).toBeGreaterThan(1);
    process.kill(child.pid, 'SIGINT');
    expect(await child.exited).toEqual({ kind: 'exited', exitCode: 0 });
    expect(await processTable(systemClock)?.living(started)).toEqual([]);
    expect(readdirSync(sample).sort()).toEqual(['lock', 'repo']);
  });
});

/** What a process has started, and what that has. */
async function below(pid: number): Promise<readonly ProcessRow[]> {
  const rows = (await processTable(systemClock)?.rows()) ?? [];
  const children = rows.filter((row) => row.parent === pid);
  return [...children, ...(await Promise.all(children.map((child) => below(child.pid)))).flat()];
}
