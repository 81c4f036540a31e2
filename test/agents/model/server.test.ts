import { onTestFinished, describe, expect, it } from 'vitest';
import { call, refuse, say, type Script } from './script.ts';
import { startModel, type ScriptedModel } from './server.ts';

async function start(script: Script): Promise<ScriptedModel> {
  const model = await startModel(script);
  onTestFinished(() => model.close());
  return model;
}

interface Form {
  readonly path: string;
  readonly body: (result?: string) => unknown;
}

/** The same conversation in each protocol: a system's word, a person's, one tool, and what it gave. */
const forms: Readonly<Record<string, Form>> = {
  responses: {
    path: '/v1/responses',
    body: (result) => ({
      model: 'm',
      instructions: 'Be brief.',
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go on.' }] },
        ...(result === undefined ? [] : [{ type: 'function_call_output', call_id: 'c', output: result }]),
      ],
      tools: [{ type: 'function', name: 'edit' }],
    }),
  },
  messages: {
    path: '/v1/messages?beta=true',
    body: (result) => ({
      model: 'm',
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: 'Go on.' },
        ...(result === undefined ? [] : [{ role: 'user', content: [{ type: 'tool_result', content: result }] }]),
      ],
      tools: [{ name: 'edit' }],
    }),
  },
  generateContent: {
    path: '/v1beta/models/m:streamGenerateContent?alt=sse',
    body: (result) => ({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Go on.' }] },
        ...(result === undefined ? [] : [{ role: 'user', parts: [{ functionResponse: { response: { result } } }] }]),
      ],
      tools: [{ functionDeclarations: [{ name: 'edit' }] }],
    }),
  },
  chatCompletions: {
    path: '/v1/chat/completions',
    body: (result) => ({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
        ...(result === undefined ? [] : [{ role: 'tool', content: result }]),
      ],
      tools: [{ function: { name: 'edit' } }],
    }),
  },
};

function ask(model: ScriptedModel, { path, body }: Form, result?: string): Promise<Response> {
  return fetch(`${model.url}${path}`, { method: 'POST', body: JSON.stringify(body(result)) });
}

/** The JSON of each event in a stream. */
function eventsOf(stream: string): readonly unknown[] {
  const data = stream.split('\n').filter((line) => line.startsWith('data: '));
  return data
    .map((line) => line.slice('data: '.length))
    .flatMap((text) => (text === '[DONE]' ? [] : [JSON.parse(text) as unknown]));
}

describe.each(Object.entries(forms))('the scripted model by %s', (_, form) => {
  it('reads a conversation, and takes the turns in their order; the last one stays', async () => {
    const model = await start([call('edit', { path: 'a' }), ({ results }) => say(`It gave ${results.join()}.`)]);
    const first = await (await ask(model, form)).text();
    expect(first).toContain('edit');
    // A string with JSON in it, or for Gemini the JSON itself.
    expect(first.replaceAll('\\', '')).toContain('{"path":"a"}');
    expect(await (await ask(model, form, 'one')).text()).toContain('It gave one.');
    expect(await (await ask(model, form, 'two')).text()).toContain('It gave two.');
    const [asked, again] = model.requests;
    expect(asked?.conversation).toEqual({
      model: 'm',
      system: 'Be brief.',
      prompt: 'Go on.',
      tools: ['edit'],
      results: [],
    });
    expect(again?.conversation?.results).toEqual(['one']);
  });

  it('says the usage that the script gives', async () => {
    const model = await start([say('Done.', { input: 1234, cached: 1000, output: 56 })]);
    const text = JSON.stringify(eventsOf(await (await ask(model, form)).text()));
    for (const figure of ['1000', '56']) expect(text).toContain(`:${figure}`);
    // Anthropic's input has the cached part beside it, OpenAI's has it inside.
    expect(text).toMatch(/:(?:1234|234)\b/);
  });

  it('refuses with the status, the headers and the words of the script', async () => {
    const model = await start([refuse(429, { headers: { 'retry-after': '7' }, error: { message: 'Wait.' } })]);
    const answer = await ask(model, form);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await answer.json()).toMatchObject({ error: { message: 'Wait.' } });
  });

  it('breaks off within an event, or after one', async () => {
    const malformed = await start([{ kind: 'malformed' }]);
    const broken = await (await ask(malformed, form)).text();
    expect(() => eventsOf(broken)).toThrow(SyntaxError);
    const cut = await start([{ kind: 'cut' }]);
    const whole = await start([say('These words are cut off.')]);
    const events = eventsOf(await (await ask(cut, form)).text());
    expect(events.length).toBeLessThan(eventsOf(await (await ask(whole, form)).text()).length);
  });

  it('never answers, and lets go of who still waits when it is closed', async () => {
    const model = await startModel([{ kind: 'silent' }]);
    const waiting = ask(model, form).then(
      () => 'answered',
      () => 'let go',
    );
    await model.asked;
    await model.close();
    expect(await waiting).toBe('let go');
  });
});

it('answers what is no turn of the script with one word, and what it does not know with 404', async () => {
  const model = await start([say('The turn.')]);
  const aside = { model: 'm', messages: [{ role: 'user', content: 'A title?' }] };
  const titled = await fetch(`${model.url}/v1/messages`, { method: 'POST', body: JSON.stringify(aside) });
  expect(await titled.text()).toContain('Title');
  expect((await fetch(`${model.url}/v1/models`)).status).toBe(404);
  expect((await fetch(`${model.url}/v1/messages`, { method: 'POST', body: '{' })).status).toBe(400);
  expect(model.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/messages',
    'GET /v1/models',
    'POST /v1/messages',
  ]);
});
