import { err, ok, type Result } from '../base/result.ts';
import type { Chosen } from '../domain/chosen.ts';
import { isInTheWay } from '../protocol/inTheWay.ts';
import type { DeliveryReport, Hunks } from '../protocol/jobView.ts';
import type { Command } from './context.ts';
import { badInput, fromRelay, type CliFailure } from './failure.ts';
import { changeJob, lookAtJob } from './jobArgument.ts';
import { parseOptions } from './options.ts';
import { deliveryText, jsonLine, plain } from './text.ts';

export const apply: Command = {
  name: 'apply',
  usage: 'apply JOB [--only PATH[:1,3]]… [--branch [--from-head]] [--check] [--repo DIR]',
  async run(context) {
    const options = {
      check: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      branch: { type: 'boolean' },
      'from-head': { type: 'boolean' },
    } as const;
    const parsed = parseOptions(context, options, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    const chosen = chosenIn(values.only);
    if (!chosen.ok) return chosen;
    if (values['from-head'] === true && values.branch !== true)
      return err(badInput('--from-head is for --branch: give both.'));
    const from = values['from-head'] === true ? 'head' : 'baseline';
    const where = { ...chosen.value, ...(values.branch === true ? { branch: { from } as const } : {}) };
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.apply({ jobId, origin: 'cli', dryRun: values.check === true, ...where });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : deliveryText(done.value));
      if (values.check === true) return ready(done.value);
      if (values.json === true) return ok(0);
      if (done.value.written) print(`${appliedText(done.value)} To take it back: task-relay undo ${jobId}\n`);
      else print('Nothing was written: all of it is there already.\n');
      return ok(0);
    });
  },
};

export const undo: Command = {
  name: 'undo',
  usage: 'undo JOB [--repo DIR]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return changeJob(context, values, positionals[0] ?? '', 'look', async (relay, jobId, print) => {
      const done = await relay.undo({ jobId, origin: 'cli' });
      if (!done.ok) return err(fromRelay(done.error));
      print(values.json === true ? jsonLine(done.value) : undoneText(done.value));
      return ok(0);
    });
  },
};

function appliedText({ branch }: DeliveryReport): string {
  return branch === undefined ? 'Applied.' : plain(`Committed on the branch ${branch.name}.`);
}

function undoneText({ files, branch, message, written }: DeliveryReport): string {
  if (branch === undefined)
    return plain(`Undone: ${String(files.length)} files are as before.${message === undefined ? '' : ` ${message}`}\n`);
  const what = written ? `the branch ${branch.name} is deleted` : `the branch ${branch.name} was deleted before`;
  return plain(`Undone: ${what}.${message === undefined ? '' : ` ${message}`}\n`);
}

export const hunks: Command = {
  name: 'hunks',
  usage: 'hunks JOB [--repo DIR] [--json]',
  async run(context) {
    const parsed = parseOptions(context, {}, ['a job id']);
    if (!parsed.ok) return parsed;
    const { values, positionals } = parsed.value;
    return lookAtJob(context, values, positionals[0] ?? '', async (relay, jobId, print) => {
      const found = await relay.hunks({ jobId });
      if (!found.ok) return err(fromRelay(found.error));
      print(values.json === true ? jsonLine(found.value) : hunksText(found.value));
      return ok(0);
    });
  },
};

/** `PATH`, or `PATH:1,3`; a path that itself ends so is told from hunks by a colon at its end. */
function chosenIn(only: readonly string[] | undefined): Result<{ readonly chosen?: Chosen[] }, CliFailure> {
  if (only === undefined) return ok({});
  const chosen: Chosen[] = [];
  for (const text of only) {
    const [, path = '', numbers] = /^(.+?)(?::(\d+(?:,\d+)*)?)?$/s.exec(text) ?? [];
    const hunks = numbers?.split(',').map(Number);
    if (path === '' || hunks?.some((number) => number < 1 || !Number.isSafeInteger(number)) === true)
      return err(badInput(`--only takes PATH or PATH:1,3 with the numbers of hunks, not "${text}".`));
    chosen.push(hunks === undefined ? { path } : { path, hunks });
  }
  return ok({ chosen });
}

function hunksText({ files }: Hunks): string {
  if (files.length === 0) return 'The patch is empty.\n';
  return files
    .map(({ path, whole, hunks: all }) => {
      const head = `${plain(path)}${whole ? '  (whole file only)' : ''}\n`;
      const lines = all.map(({ number, header, added, deleted, preview }) => {
        const first = preview[0] === undefined ? '' : `  ${plain(preview[0])}`;
        return `  ${String(number).padStart(3)}  ${plain(header)}  +${String(added)} -${String(deleted)}${first}\n`;
      });
      return head + lines.join('');
    })
    .join('');
}

/** What a look before an apply comes to. */
function ready({ files }: DeliveryReport): Result<0, CliFailure> {
  const inTheWay = files.filter(isInTheWay).length;
  if (inTheWay === 0) return ok(0);
  const count = `${String(inTheWay)} of ${String(files.length)} files`;
  return err({ code: 1, message: `The patch cannot be applied: ${count} stand in the way. Clear them, then apply.` });
}
