import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha256 } from '../base/canonical.ts';
import { err, messageOf, ok, type Result } from '../base/result.ts';
import { Digest } from '../domain/ids.ts';
import type { Verification } from '../protocol/jobView.ts';
import type { CliContext, Command } from './context.ts';
import { badInput, fromRelay, type CliFailure } from './failure.ts';
import { changeJob, lookAtJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { jsonLine, plain } from './text.ts';

export const verify: Command = {
  name: 'verify',
  usage: 'verify JOB [--patch FILE] [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, { patch: { type: 'string' } }, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const patch = values.patch === undefined ? ok(undefined) : await digestOf(context, values.patch);
    if (!patch.ok) return patch;
    return lookAtJob(context, values, positionals[0] ?? '', async (relay, jobId, print) => {
      const done = await relay.verify({ jobId, ...(patch.value === undefined ? {} : { patch: patch.value }) });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : claimsText(done.value));
      if (done.value.holds) return ok(0);
      const failing = done.value.claims.filter(({ holds }) => !holds).map(({ name }) => name);
      return err({ code: 1, message: `The certificate of job ${jobId} does not hold: ${failing.join(', ')}.` });
    });
  },
};

export const lift: Command = {
  name: 'lift',
  usage: 'lift JOB FIND [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, [
      'a job id',
      'the fingerprint of a find ("task-relay show JOB" has them)',
    ]);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const [job = '', beginning = ''] = positionals;
    return changeJob(context, values, job, 'background', async (relay, jobId, print) => {
      const view = await relay.get({ jobId });
      if (!view.ok) return err(fromRelay(view.error));
      const known = [...new Set((view.value.secrets ?? []).map(({ fingerprint }) => fingerprint))];
      const finds = known.filter((fingerprint) => fingerprint.startsWith(beginning));
      if (finds.length !== 1) {
        const has = known.length === 0 ? 'It has none.' : `It has ${known.join(', ')}.`;
        return err(badInput(`One find of job ${jobId} must begin with "${beginning}". ${has}`));
      }
      const done = await relay.lift({ jobId, finds, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : `${jobId}  ${done.value.state}: it is judged again\n`);
      return ok(0);
    });
  },
};

async function digestOf({ cwd }: CliContext, file: string): Promise<Result<Digest, CliFailure>> {
  try {
    return ok(Digest.parse(sha256(await readFile(resolve(cwd, file)))));
  } catch (thrown) {
    return err(badInput(`--patch cannot be read: ${messageOf(thrown)}`));
  }
}

function claimsText({ claims }: Verification): string {
  const widest = Math.max(...claims.map(({ name }) => name.length));
  return claims
    .map(({ name, holds, detail }) => `${holds ? 'holds' : 'FAILS'}  ${plain(name).padEnd(widest)}  ${plain(detail)}\n`)
    .join('');
}
