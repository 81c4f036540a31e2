import * as vscode from 'vscode';
import { systemClock } from '../../../src/base/clock.ts';
import { ok, type Result } from '../../../src/base/result.ts';
import type { JobId } from '../../../src/domain/ids.ts';
import { JobModel } from '../../../src/editor/jobModel.ts';
import { JobsTree } from '../../../src/editor/jobsTree.ts';
import type { CallInput } from '../../../src/protocol/calls.ts';
import type { JobView } from '../../../src/protocol/jobView.ts';
import type { RelayError } from '../../../src/protocol/relayError.ts';
import { MemoryRelay } from '../../fixtures/memoryRelay.ts';
import { until } from './until.ts';

export interface Crowd {
  readonly jobs: number;
  /** Changes of one job, one after another; then as many new jobs. */
  readonly changes: number;
  /** How long jobs then change without a pause. */
  readonly stormMs: number;
}

/** A relay whose jobs say in their title when they were read: a row that shows it was drawn later. */
class StampedRelay extends MemoryRelay {
  readonly old = new Set<JobId>();

  override async get(input: CallInput<'get'>): Promise<Result<JobView, RelayError>> {
    const read = await super.get(input);
    if (!read.ok) return read;
    const kind = this.old.has(input.jobId) ? 'changed' : 'added';
    return ok({ ...read.value, title: `${kind} @${String(performance.timeOrigin + performance.now())}` });
  }
}

/**
 * The extension's own model and tree, over jobs that nothing runs, in the view that the extension under development
 * contributes. How many times the tree was refreshed in the storm, and how many changes there were.
 */
export async function run({ jobs, changes, stormMs }: Crowd): Promise<{ refreshes: number; announced: number }> {
  const relay = new StampedRelay();
  const ids: JobId[] = [];
  for (let number = 0; number < jobs; number++) {
    const submitted = await relay.submit({ spec: specOf(number), workspace: '/', origin: 'editor' });
    if (!submitted.ok) continue;
    ids.push(submitted.value.jobId);
    relay.old.add(submitted.value.jobId);
  }
  const model = new JobModel(systemClock, (thrown) => {
    throw thrown;
  });
  const tree = new JobsTree(model);
  await model.add({ name: 'crowd', workspace: '/', relay });
  let refreshes = 0;
  tree.onDidChangeTreeData(() => (refreshes += 1));
  await vscode.commands.executeCommand('relay.jobs.focus');
  await until('the view', () => (tree.isVisible ? true : undefined));
  // The newest job is the row at the top. One change is seen before the next one comes.
  const newest = ids.at(-1);
  if (newest === undefined) throw new Error('there is no job');
  for (let change = 0; change < changes; change++) {
    relay.move(newest, change % 2 === 0 ? 'WAITING' : 'QUEUED');
    await systemClock.pause(700);
  }
  for (let more = 0; more < changes; more++) {
    await relay.submit({ spec: specOf(jobs + more), workspace: '/', origin: 'editor' });
    await systemClock.pause(700);
  }
  refreshes = 0;
  let announced = 0;
  for (const end = performance.now() + stormMs; performance.now() < end; announced++) {
    const jobId = ids[announced % ids.length];
    if (jobId !== undefined) relay.move(jobId, announced % 2 === 0 ? 'WAITING' : 'QUEUED');
    if (announced % 10 === 0) await systemClock.pause(5);
  }
  return { refreshes, announced };
}

const specOf = (number: number): CallInput<'submit'>['spec'] => ({
  task: { title: `Task ${String(number)}` },
  execution: { command: 'true' },
});
