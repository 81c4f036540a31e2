import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Bed, lastJob } from './bed.ts';

it('a host in the background reads the user’s own file: settings, and names of variables to let through', async () => {
  const bed = new Bed();
  const folder = join(bed.env['HOME'] ?? '', '.config', 'task-relay');
  mkdirSync(folder, { recursive: true });
  const settings = { order: ['command'], codex: { program: '/nowhere/codex' }, environment: ['BED_WORD'] };
  writeFileSync(join(folder, 'executors.json'), JSON.stringify(settings));
  const env = { BED_WORD: 'word' };
  const ran = await bed.run(['submit', '--title', 'T', '--run', 'echo "is $BED_WORD" > a.txt', '--wait', '--json'], {
    env,
  });
  const { jobId } = lastJob(ran);
  expect((await bed.run(['artifact', jobId, 'patch.diff'])).stdout).toContain('+is word');
  expect((await bed.run(['executors'], { env })).stdout).toMatch(/\/nowhere\/codex/);
  await bed.atRest();

  writeFileSync(join(folder, 'executors.json'), '{"codex":{"sandbox":"none"}}');
  expect(await bed.run(['serve'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/executors\.json" are not valid: .*codex\.sandbox/) as string,
  });
});
