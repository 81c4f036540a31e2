import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Transcript as AcpTranscript } from '../../src/executors/acp/transcript.ts';
import { Course } from '../../src/executors/claude/course.ts';
import { decodeLine } from '../../src/executors/claude/events.ts';
import { Transcript as CodexTranscript } from '../../src/executors/codex/transcript.ts';

const MiB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes that stay on the heap after so many lines. `keeper` is what must not keep them. */
function grown(keeper: object, take: (n: number) => void, lines: number): number {
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < lines; n++) take(n);
  gc();
  const after = process.memoryUsage().heapUsed;
  expect(keeper).toBeDefined();
  return after - before;
}

const quiet = { directory: '/slot', onLog: () => undefined, onUsage: () => undefined };

it('keeps of Claude Code’s calls what names them, not what they write', () => {
  const course = new Course();
  const take = (n: number): void => {
    const input = { file_path: 'a.txt', content: String(n).padEnd(MiB, 'x'), command: String(n).padEnd(MiB, 'y') };
    const content = [{ type: 'tool_use', id: `t${String(n)}`, name: 'Write', input }];
    course.take(decodeLine(JSON.stringify({ type: 'assistant', message: { id: `m${String(n)}`, content } })));
  };
  expect(grown(course, take, 60)).toBeLessThan(8 * MiB);
  expect(course.callOf('t59')).toMatchObject({ tool: 'Write', input: { file_path: 'a.txt' } });
});

it('keeps no id of Claude Code’s for ever, and yet adds all of its messages up', () => {
  const course = new Course();
  const take = (n: number): void => {
    const id = String(n).padEnd(10_000, 'i');
    const usage = { input_tokens: 2, output_tokens: 3 };
    course.take(decodeLine(JSON.stringify({ type: 'assistant', message: { id, usage, content: [] } })));
    course.take({ kind: 'denied', call: id, tool: 'Edit', why: '' });
  };
  expect(grown(course, take, 3000)).toBeLessThan(10 * MiB);
  expect(course.usage).toMatchObject({ inputTokens: 6000, outputTokens: 9000, turns: 3000 });
});

it('keeps of codex’s items and refusals the last ones, and short', () => {
  const transcript = new CodexTranscript(quiet, systemClock);
  const take = (n: number): void => {
    const item = { type: 'command_execution', id: String(n).padEnd(5000, 'i'), command: 'c', status: 'in_progress' };
    transcript.take(JSON.stringify({ type: 'item.started', item }));
    transcript.takeError(`error=patch rejected: ${String(n).padEnd(10_000, 'w')}`);
  };
  expect(grown(transcript, take, 4000)).toBeLessThan(8 * MiB);
  expect(transcript.heard().edits.failed).toHaveLength(20);
});

it('keeps of an agent’s titles and messages so much alone', () => {
  const transcript = new AcpTranscript('/slot', () => undefined);
  const update = (told: object): void => transcript.take({ sessionId: 's', update: told });
  const take = (n: number): void => {
    update({ sessionUpdate: 'tool_call', toolCallId: String(n).padEnd(MiB, 'i'), title: String(n).padEnd(MiB, 't') });
    const text = String(n).padEnd(8 * MiB, 'm');
    update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
  };
  // Twenty messages of 4 MiB at most.
  expect(grown(transcript, take, 40)).toBeLessThan(90 * MiB);
});
