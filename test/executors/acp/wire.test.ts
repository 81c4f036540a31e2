import { Writable } from 'node:stream';
import type { AnyMessage } from '@agentclientprotocol/sdk';
import { expect, it } from 'vitest';
import { Wire } from '../../../src/executors/acp/wire.ts';
import { errorOf, go } from './bed.ts';

const MiB = 1024 * 1024;

/** A pipe that nobody reads until it is told to. */
class Pipe extends Writable {
  #done: (() => void) | undefined;

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#done = done;
  }

  drain(): void {
    for (let done = this.#done; done !== undefined; done = this.#done) {
      this.#done = undefined;
      done();
    }
  }
}

function laid() {
  const told = { floods: 0, other: [] as string[], passed: [] as unknown[] };
  const wire = new Wire({
    onUpdate: () => undefined,
    onOther: (text) => void told.other.push(text),
    onFlood: () => {
      told.floods++;
    },
  });
  const pipe = new Pipe();
  wire.open(pipe);
  const passed = wire.stream.readable.pipeTo(
    new WritableStream<AnyMessage>({ write: (message) => void told.passed.push('id' in message && message.id) }),
  );
  const writer = wire.stream.writable.getWriter();
  const answer = (id: number, content: string): Promise<void> =>
    writer.write({ jsonrpc: '2.0', id, result: { content } });
  const ask = (id: number, method: string, params: object = {}): void =>
    wire.take(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  const close = async (): Promise<void> => {
    wire.close();
    await passed;
  };
  /** Until all that is under way has been passed on. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { told, pipe, answer, ask, close, settled };
}

it('hands out one request for a file at a time, each once the answer before has gone', async () => {
  const { told, pipe, answer, ask, close, settled } = laid();
  for (let id = 0; id < 150; id++) ask(id, 'fs/read_text_file');
  ask(200, 'session/request_permission');
  await settled();
  expect(told.passed).toEqual([0, 200]);
  await answer(0, 'x'.repeat(8 * MiB));
  await settled();
  expect(told.passed).toEqual([0, 200]);
  pipe.drain();
  await settled();
  expect(told.passed).toEqual([0, 200, 1]);
  expect(told.floods).toBe(0);
  await close();
});

it('tells of more than it holds: answers that are not read, and requests that are not answered', async () => {
  const answers = laid();
  for (let id = 0; id < 12; id++) await answers.answer(id, 'x'.repeat(10 * MiB));
  expect(answers.told.floods).toBe(1);
  await answers.close();
  const requests = laid();
  for (let id = 0; id < 12; id++) requests.ask(id, 'session/request_permission', { text: 'x'.repeat(10 * MiB) });
  expect(requests.told.floods).toBe(1);
  await requests.close();
  const many = laid();
  for (let id = 0; id < 30_000; id++) many.ask(id, 'fs/read_text_file');
  expect(many.told.floods).toBe(1);
  await many.close();
});

it('passes no second request under the id of one that has no answer yet', async () => {
  const { told, ask, answer, close, settled } = laid();
  ask(1, 'fs/read_text_file');
  ask(1, 'fs/read_text_file');
  expect(told.other).toHaveLength(1);
  await answer(1, '');
  ask(1, 'fs/read_text_file');
  await settled();
  expect(told.passed).toEqual([1, 1]);
  await close();
});

it('ends an agent that asks for more than anybody answers', async () => {
  const request = { toolCall: { toolCallId: 't', title: 'x' }, options: [] };
  const error = errorOf(
    await go(
      { steps: [{ do: 'gorge', count: 120, method: 'session/request_permission', params: request, bytes: MiB }] },
      { context: { ask: () => new Promise(() => undefined) } },
    ),
  );
  expect(error).toMatchObject({ kind: 'failed', message: expect.stringContaining('asks for more than') as string });
});
