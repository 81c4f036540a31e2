import { err, ok } from '../base/result.ts';
import type { ExecutorView } from '../protocol/executorView.ts';
import type { Command } from './context.ts';
import { fromRelay } from './failure.ts';
import { look } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

export const executors: Command = {
  name: 'executors',
  usage: 'executors [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, []);
    if (!parsed.ok) return parsed;
    const { values } = parsed.value;
    return look(context, values, async (relay, print) => {
      const found = await relay.executors({ anew: true });
      if (!found.ok) return err(fromRelay(found.error));
      print(values.json === true ? jsonLine(found.value) : found.value.executors.map(lineOf).join(''));
      return ok(0);
    });
  },
};

const words: Readonly<Record<ExecutorView['state'], string>> = {
  ready: 'ready',
  notInstalled: 'not installed',
  notSignedIn: 'not signed in',
  tooOld: 'too old',
  broken: 'broken',
};

function lineOf({ name, state, version, message, heldUntil, heldBecause }: ExecutorView): string {
  const named = version === undefined ? name : `${name} ${version}`;
  const held = heldUntil === undefined ? [] : [`held until ${new Date(heldUntil).toISOString()}: ${heldBecause ?? ''}`];
  const more = [...(message === undefined ? [] : [message]), ...held].map((line) => `  ${plain(line)}`);
  return `${words[state].padEnd(13)}  ${plain(named)}${more.join('')}\n`;
}
