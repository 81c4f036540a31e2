import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * The house, from the ground up (ARCHITECTURE.md says what each folder is). A part may import itself and what stands on an
 * earlier line, never what stands beside it. `host` is host.ts with host/, and `cli` and `extension` likewise.
 */
const floors: readonly (readonly string[])[] = [
  ['base'],
  ['domain'],
  ['protocol', 'store', 'process'],
  ['git', 'executors'],
  ['checks'],
  ['engine'],
  ['guest', 'research', 'fleet'],
  ['http'],
  ['mcp', 'dashboard'],
  ['host'],
  ['editor'],
  ['extension', 'cli'],
];

/** Parts that may import less than what stands below them. */
const narrower: Readonly<Record<string, readonly string[]>> = {
  executors: ['base', 'domain', 'process'],
};

/** Who may import what is not ours. A package that is not here may be imported by nobody: give it its place first. */
const packages: Readonly<Record<string, readonly string[] | 'anyone'>> = {
  zod: 'anyone',
  execa: ['process'],
  'node:child_process': ['process'],
  'sql.js': ['store'],
  'node:sqlite': ['store'],
  picomatch: ['checks'],
  saxes: ['checks'],
  'tap-parser': ['checks'],
  '@secretlint/secretlint-rule-preset-recommend': ['checks'],
  '@secretlint/types': ['checks'],
  '@modelcontextprotocol/sdk': ['mcp'],
  '@agentclientprotocol/sdk': ['executors'],
  bullmq: ['fleet'],
  vscode: ['editor', 'extension'],
  // Time is read, and timers are set, in base/clock.ts alone, and that by the globals.
  'node:timers': [],
  'node:timers/promises': [],
  'node:perf_hooks': [],
};

/** The files that may import what only a run can tell: whatever the user names. */
const pluginLoaders: readonly string[] = ['cli/plugin.ts'];

/** Who may read the version: the outermost, who pass it on. */
const manifestReaders: readonly string[] = ['cli'];

/** Reading the time, or setting a timer. */
const clockCalls = /^(?:Date\.now|performance\.now|setTimeout|setInterval|AbortSignal\.timeout)$/;
const CLOCK = 'base/clock.ts';

const MOST_LINES = 400;

/** What is wrong with one file. `path` is relative to src, with forward slashes. */
function violations(path: string, text: string): readonly string[] {
  const part = partOf(path);
  const floor = floors.findIndex((names) => names.includes(part));
  if (floor < 0) return [`${path}: "${part}" has no floor in the table`];
  const lines = text.split('\n').length - 1;
  return [
    ...(lines < MOST_LINES ? [] : [`${path}: ${String(lines)} lines, which asks to be two files`]),
    ...found(path, text).flatMap((one) => {
      if (one.kind === 'unknown')
        return pluginLoaders.includes(path) ? [] : [`${path}: imports what only a run can tell (${one.text})`];
      if (one.kind === 'clock') return path === CLOCK ? [] : [`${path}: ${one.text} belongs to ${CLOCK} alone`];
      const wrong = one.text.startsWith('.')
        ? wrongPart(part, floor, posix.join(posix.dirname(path), one.text))
        : wrongPackage(part, one.text);
      return wrong === undefined ? [] : [`${path}: ${wrong}`];
    }),
  ];
}

function wrongPart(part: string, floor: number, target: string): string | undefined {
  if (target === '../package.json')
    return manifestReaders.includes(part) ? undefined : `${part} may not import ${target}`;
  if (target.startsWith('../')) return `imports ${target}, outside of src`;
  if (!target.endsWith('.ts')) return `imports ${target} without its extension`;
  const other = partOf(target);
  if (other === part) return undefined;
  const below = narrower[part] ?? floors.slice(0, floor).flat();
  return below.includes(other) ? undefined : `${part} may not import ${other} (${target})`;
}

function wrongPackage(part: string, specifier: string): string | undefined {
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : packageName(specifier);
  const allowed = packages[name] ?? (name.startsWith('node:') ? 'anyone' : undefined);
  if (allowed === undefined) return `"${name}" has no place in the table`;
  if (allowed === 'anyone' || allowed.includes(part)) return undefined;
  return `${part} may not import "${name}"`;
}

function packageName(specifier: string): string {
  return specifier.startsWith('node:') ? specifier : (specifier.split('/')[0] ?? specifier);
}

/** The folder directly below src, or a file's name there. */
function partOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

interface Found {
  readonly kind: 'import' | 'clock' | 'unknown';
  readonly text: string;
}

/** Every import in whichever form (types and dynamic ones too), and every use of the clock. */
function found(path: string, text: string): readonly Found[] {
  const all: Found[] = [];
  const add = (specifier: ts.Node | undefined): void => {
    if (specifier === undefined) return;
    all.push(
      ts.isStringLiteralLike(specifier)
        ? { kind: 'import', text: specifier.text }
        : { kind: 'unknown', text: specifier.getText() },
    );
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument);
    else if (ts.isExternalModuleReference(node)) add(node.expression);
    else if (ts.isCallExpression(node) && imports(node.expression)) add(node.arguments[0]);
    else if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0)
      all.push({ kind: 'clock', text: 'new Date()' });
    else if (isClock(node)) all.push({ kind: 'clock', text: node.getText() });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return all;
}

/** `import(…)`, `require(…)` and `process.getBuiltinModule(…)`. */
function imports(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || /^(?:require|(?:.*\.)?getBuiltinModule)$/.test(callee.getText())
  );
}

function isClock(node: ts.Node): boolean {
  const isReference = ts.isPropertyAccessExpression(node) || (ts.isIdentifier(node) && !isName(node));
  return isReference && clockCalls.test(node.getText().replace(/^globalThis\./, ''));
}

/** Whether an identifier names a member, as in `timers.setTimeout`, which is told by the whole expression. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}

const src = join(import.meta.dirname, '..', 'src');
const sources = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

describe('the sources', () => {
  it('keep the floors, the packages, the clock and the length', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap((path) => violations(path, readFileSync(join(src, path), 'utf8')))).toEqual([]);
  });
});

describe('the rules', () => {
  const bad: readonly (readonly [string, string, string])[] = [
    ['base/x.ts', "import { ok } from '../domain/job.ts';", 'base may not import domain'],
    ['store/x.ts', "import type { Relay } from '../protocol/relay.ts';", 'store may not import protocol'],
    ['protocol/x.ts', "export * from '../store/rows.ts';", 'protocol may not import store'],
    ['engine/x.ts', "const m = await import('../mcp/server.ts');", 'engine may not import mcp'],
    ['git/x.ts', "type R = import('../engine/relay.ts').Engine;", 'git may not import engine'],
    ['http/x.ts', "import '../mcp/server.ts';", 'http may not import mcp'],
    ['engine/x.ts', "import { openHost } from '../host.ts';", 'engine may not import host'],
    ['host/x.ts', "import { main } from '../cli.ts';", 'host may not import cli'],
    ['cli/x.ts', "import { activate } from '../extension.ts';", 'cli may not import extension'],
    ['executors/x.ts', "import { Git } from '../git/git.ts';", 'executors may not import git'],
    ['executors/x.ts', "import { Vault } from '../store/vault.ts';", 'executors may not import store'],
    ['git/x.ts', "import { execa } from 'execa';", 'git may not import "execa"'],
    ['git/x.ts', "import { spawn } from 'node:child_process';", 'git may not import "node:child_process"'],
    ['engine/x.ts', "import * as vscode from 'vscode';", 'engine may not import "vscode"'],
    ['cli/x.ts', "import initSqlJs from 'sql.js/dist/sql-wasm.js';", 'cli may not import "sql.js"'],
    ['host.ts', "const s = process.getBuiltinModule('node:sqlite');", 'host may not import "node:sqlite"'],
    ['http/x.ts', "import { Server } from '@modelcontextprotocol/sdk/server/index.js';", 'http may not import'],
    ['domain/x.ts', "import left from 'left-pad';", '"left-pad" has no place in the table'],
    ['git/x.ts', "const name = 'execa'; await import(name);", 'imports what only a run can tell'],
    ['git/x.ts', 'const e = require("execa");', 'git may not import "execa"'],
    ['git/x.ts', "import x from '../../test/x.ts';", 'outside of src'],
    ['host.ts', "import { version } from '../package.json';", 'host may not import'],
    ['git/x.ts', "import x from './mirror';", 'without its extension'],
    ['attic/x.ts', '', '"attic" has no floor in the table'],
    ['engine/x.ts', 'const t = Date.now();', 'Date.now belongs to base/clock.ts alone'],
    ['engine/x.ts', 'const t = globalThis.performance.now();', 'belongs to base/clock.ts alone'],
    ['engine/x.ts', 'setTimeout(() => 1, 2);', 'setTimeout belongs to base/clock.ts alone'],
    ['engine/x.ts', 'const every = setInterval;', 'setInterval belongs to base/clock.ts alone'],
    ['engine/x.ts', 'const t = new Date();', 'new Date() belongs to base/clock.ts alone'],
    ['engine/x.ts', "import { setTimeout as wait } from 'node:timers/promises';", 'engine may not import'],
    ['engine/x.ts', '\n'.repeat(MOST_LINES), 'asks to be two files'],
  ];

  it.each(bad)('refuse in %s: %s', (path, text, told) => {
    expect(violations(path, text).join('\n')).toContain(told);
  });

  it('let through what is right', () => {
    const good = [
      "import * as z from 'zod';",
      "import { join } from 'node:path';",
      "import { ok } from '../base/result.ts';",
      "import type { Relay } from '../protocol/relay.ts';",
      "import { near } from './near.ts';",
      '// Date.now() in a comment, and',
      "const text = 'setTimeout(…)';",
      'const at = new Date(clock.now()).toISOString();',
      'clock.after(1, () => undefined);',
    ];
    expect(violations('engine/x.ts', `${good.join('\n')}\n`)).toEqual([]);
  });
});
