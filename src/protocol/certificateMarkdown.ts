import { bullets, code, inline, table } from '../base/markdown.ts';
import type { Check } from '../domain/artifact.ts';
import { Certificate } from '../domain/certificate.ts';

/** certificate.json for people, as Markdown; as it is where it is no certificate that this version knows. */
export function certificateText(json: string): string {
  const certificate = Certificate.safeParse(parsed(json));
  return certificate.success ? certificateMarkdown(certificate.data) : json;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function certificateMarkdown({ subject, predicate }: Certificate): string {
  const { job, attempt, verdict, reasonCode, baseline, result, executor, environment, lifted, times } = predicate;
  const digest = subject[0]?.digest.sha256 ?? '';
  const refused = reasonCode === undefined ? verdict : `${verdict} (${reasonCode})`;
  return [
    `# Certificate of ${code('patch.diff')}: ${refused}`,
    'What the relay ran on this patch, and what came of it. `task-relay verify` runs it again.',
    bullets([
      `patch: sha256 ${code(digest)}`,
      `job: ${code(job)}, attempt ${String(attempt)}`,
      `baseline: commit ${code(baseline.commit)}, tree ${code(baseline.tree)}`,
      ...(baseline.graft === undefined
        ? []
        : [`which is no commit of the repository: made on ${code(baseline.graft.on)}`]),
      `result: tree ${code(result.tree)}`,
      `spec: sha256 ${code(predicate.spec.sha256)}`,
      `prompt: sha256 ${code(predicate.prompt.sha256)}`,
      `executor: ${inline(executor.name)} ${inline(executor.version)}`,
      `submitted ${times.submitted}, started ${times.started}, finished ${times.finished}`,
    ]),
    '## Checks',
    table(['check', 'verdict', 'what was run', 'exit', 'output (sha256)', 'took'], predicate.checks.map(checkRow)),
    ...predicate.checks.flatMap(testsOf),
    ...(lifted.length === 0 ? [] : ['## Secrets that a person lifted', bullets(lifted.map(code))]),
    '## Environment',
    bullets([
      `task-relay ${environment.relay}, ${environment.git}, Node ${environment.node}, ${environment.platform} ${environment.arch}`,
      `variables that were let through: ${environment.variables.map(code).join(', ')}`,
    ]),
    '',
  ].join('\n\n');
}

function checkRow({ name, verdict, label, run, exitCode, output, durationMs }: Check): readonly string[] {
  return [
    name,
    label === undefined ? verdict : `${verdict}: ${label}`,
    run === undefined ? '' : code(run),
    exitCode === undefined ? '' : String(exitCode),
    output === undefined ? '' : code(output.digest.slice(0, 16)),
    `${String(durationMs)} ms`,
  ];
}

function testsOf({ name, tests }: Check): readonly string[] {
  if (tests === undefined) return [];
  const { passed, failed, skipped, failures } = tests;
  const counts = `Tests of ${inline(name)}: ${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped.`;
  return failures.length === 0 ? [counts] : [counts, bullets(failures.map((one) => inline(one.name)))];
}
