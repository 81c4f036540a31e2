import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { err, messageOf, ok } from '../base/result.ts';
import { recordingOf } from '../protocol/recording.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay } from './failure.ts';
import { lookAtJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';

export const record: Command = {
  name: 'record',
  usage: 'record JOB FILE [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id', 'the file to write']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const [job = '', file = ''] = positionals;
    return lookAtJob(context, values, job, async (relay, jobId, print) => {
      const recording = await recordingOf(relay, jobId);
      if (!recording.ok) return err(fromRelay(recording.error));
      const path = resolve(context.cwd, file);
      try {
        await writeFile(path, recording.value, { mode: 0o600, flag: 'wx' });
      } catch (thrown) {
        return err(badInput(`The cassette could not be written to "${path}": ${messageOf(thrown)}`));
      }
      print(`${path}\nPlay it: task-relay submit --title … --cassette ${file}\n`);
      return ok(0);
    });
  },
};
