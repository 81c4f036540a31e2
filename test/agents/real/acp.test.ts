import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { MARK } from '../../../src/process/mark.ts';
import { endMarked } from '../../../src/process/tree.ts';
import { acpAgents, greetingIn, type AcpAgent } from '../acp.ts';
import { promptOnce } from '../acpClient.ts';
import { layGround } from '../ground.ts';
import { say } from '../model/script.ts';
import { startModel } from '../model/server.ts';
import { describeWith } from './withProgram.ts';

for (const name of ['gemini', 'qwen', 'opencode', 'claude-acp', 'codex-acp'] as const) {
  describeWith(name, (executable) => {
    it('edits by the Agent Client Protocol what the scripted model says', async () => {
      const agent: AcpAgent = acpAgents[name];
      const ground = layGround();
      const file = greetingIn(ground);
      const model = await startModel([...agent.edit(file), say('It says hi.')]);
      const mark = `agents/${randomUUID()}`;
      onTestFinished(async () => {
        await model.close();
        // Not all of them end with their stdin.
        expect(await endMarked(mark, systemClock)).toEqual([]);
        ground.remove();
      });
      const base = { PATH: process.env['PATH'] ?? '', HOME: ground.home, TMPDIR: ground.temporary, [MARK]: mark };
      const env = { ...base, ...agent.environment(model.url, ground) };
      const { authentication } = agent;
      const command = { executable, args: agent.args, env, cwd: ground.repository };
      const more = authentication === undefined ? {} : { authentication };
      const { stopReason, called } = await promptOnce({ ...command, ...more }, 'Let greet say "Hi".');
      expect(stopReason).toBe('end_turn');
      expect(readFileSync(file, 'utf8')).toContain('Hi, ');
      expect(called.includes('session/request_permission')).toBe(agent.asks);
      expect(called.includes('fs/write_text_file')).toBe(agent.writesByClient);
    });
  });
}
