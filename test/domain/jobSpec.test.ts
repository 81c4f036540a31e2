import { describe, expect, it } from 'vitest';
import { commandsOf, executorOf, JobSpec, priorityOf } from '../../src/domain/jobSpec.ts';

const oid = 'a'.repeat(40);

function fault(value: unknown): string {
  const parsed = JobSpec.safeParse(value);
  return parsed.success
    ? 'valid'
    : parsed.error.issues.map((one) => `${one.path.join('.')}: ${one.message}`).join('; ');
}

describe('a job spec', () => {
  it('takes the shape that the field already uses, as it is', () => {
    const spec = {
      repo: { type: 'git', url: 'git@example.com:org/repo.git', baseBranch: 'main', baselineCommit: oid },
      task: { title: 'Rename a thing', description: 'everywhere', acceptance: ['the tests pass'] },
      execution: { preferredModel: 'some-model', priority: 'P0', ttlS: 60 },
      idempotencyKey: 'k',
    };
    expect(JobSpec.parse(spec)).toEqual(spec);
    expect(fault({ task: { title: 't' } })).toBe('valid');
  });

  it('refuses an unknown key by its name, at any depth', () => {
    expect(fault({ task: { title: 't' }, prioritty: 'P0' })).toContain('prioritty');
    expect(fault({ task: { title: 't', desc: '' } })).toContain('desc');
    expect(fault({ task: { title: 't' }, execution: { comand: 'true' } })).toContain('comand');
  });

  it('refuses a short or upper-case commit id', () => {
    for (const baselineCommit of ['abc1234', 'A'.repeat(40), 'a'.repeat(41), 'main']) {
      expect(fault({ task: { title: 't' }, repo: { type: 'local', path: '/r', baselineCommit } })).toContain(
        'commit id',
      );
    }
    expect(fault({ task: { title: 't' }, repo: { type: 'local', path: '/r', baselineCommit: 'a'.repeat(64) } })).toBe(
      'valid',
    );
  });

  it('bounds what it takes', () => {
    const bad: unknown[] = [
      { task: { title: '   ' } },
      { task: { title: 'x'.repeat(201) } },
      { task: { title: 't', description: 'x'.repeat(10_001) } },
      { task: { title: 't' }, execution: { ttlS: 0 } },
      { task: { title: 't' }, execution: { timeoutS: 1.5 } },
      { task: { title: 't' }, execution: { maxAttempts: 11 } },
      { task: { title: 't' }, execution: { command: 'a\0b' } },
      { task: { title: 't' }, scope: { fileGlobs: [] } },
      { task: { title: 't' }, execution: { priority: 'P3' } },
      { task: { title: 't' }, notify: { webhook: 'no url' } },
    ];
    for (const spec of bad) expect(fault(spec), JSON.stringify(spec).slice(0, 80)).not.toBe('valid');
  });

  it('refuses a negated glob: one beside others, or alone, it would let everything in', () => {
    for (const glob of ['!src/gen/**', '!', '!(x)/**']) {
      const said = /^scope\.(fileGlobs|allowProtected)\.1: a path or a glob that does not begin with "!"/;
      expect(fault({ task: { title: 't' }, scope: { fileGlobs: ['src/**', glob] } })).toMatch(said);
      expect(fault({ task: { title: 't' }, scope: { allowProtected: ['src/**', glob] } })).toMatch(said);
    }
    expect(fault({ task: { title: 't' }, scope: { fileGlobs: ['src/!(gen)/**', 'a!b', '\n'] } })).toBe('valid');
  });

  it('says which commands it would run, each by its field', () => {
    const spec = JobSpec.parse({
      task: { title: 't' },
      setup: 'npm ci',
      checks: [{ name: 'test', run: 'npm test' }],
      execution: { command: 'codemod' },
    });
    expect(commandsOf(spec)).toEqual([
      { field: 'execution.command', run: 'codemod' },
      { field: 'setup', run: 'npm ci' },
      { field: 'checks[0].run', run: 'npm test' },
    ]);
    expect(executorOf(spec)).toBe('command');
    expect(priorityOf(spec)).toBe('P1');
    expect(executorOf(JobSpec.parse({ task: { title: 't' } }))).toBe('auto');
  });
});
