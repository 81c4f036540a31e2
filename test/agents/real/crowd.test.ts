import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectNothingLeft } from '../../fixtures/leftovers.ts';
import { must, openTestHost } from '../../fixtures/testHost.ts';
import { layAgents } from '../agentsBed.ts';
import { describeWith } from './withProgram.ts';

describeWith('codex', (codex) => {
  describeWith('claude', (claude) => {
    describeWith('qwen', (qwen) => {
      it('runs 20 jobs with three others, 8 at once, and leaves no process, slot or temporary file', async () => {
        const bed = await layAgents({ codex, claude, qwen });
        const host = await openTestHost({
          directory: bed.ground.repository,
          cache: join(bed.ground.root, 'cache'),
          environment: bed.environment,
          executorSettings: bed.executorSettings,
          concurrency: 8,
        });
        try {
          const executions = [
            { executor: 'codex' },
            { executor: 'claude' },
            { executor: 'qwen', sandbox: 'read-only' },
            { command: 'sed -i s/Hello/Hi/ greet.js; setsid sleep 1000 & nohup sleep 1000 & sleep 0' },
          ] as const;
          const ids = [];
          for (let number = 0; number < 20; number++) {
            const execution = { ...executions[number % 4], timeoutS: 300 };
            ids.push(must(await host.submit({ task: { title: `Job ${String(number)}` }, execution })).jobId);
          }
          const jobs = await Promise.all(ids.map((id) => host.ended(id)));
          expect(jobs.map(({ executor, state, message }) => [executor, state, message])).toEqual(
            jobs.map((_, number) => [['codex', 'claude', 'qwen', 'command'][number % 4], 'SUCCEEDED', undefined]),
          );
        } finally {
          await host.close();
        }
        await expectNothingLeft(host.host.places);
        await bed.close();
      });
    });
  });
});
