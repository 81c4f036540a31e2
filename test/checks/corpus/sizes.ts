import { file, link, submodule, type Changes, type Judging } from '../../fixtures/judged.ts';
import type { Hostile } from './hostile.ts';

const MIB = 1024 * 1024;

/** What is too large, or what a patch does not carry as it is. */
export const sizes: readonly Hostile[] = [
  bundle(
    'a bomb: 60 MiB of zeros, which a patch makes small',
    { bomb: file(Buffer.alloc(60 * MIB)) },
    /"bomb" has 62914560 bytes, and the limit is 52428800\..*relay\.limits\.fileBytes/,
  ),
  bundle(
    'many that are as large as they may be',
    Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`z${String(index)}`, file(Buffer.alloc(MIB))])),
    /have 17825792 bytes together, and the limit is 16777216/,
    { host: { limits: { patchBytes: MIB } } },
  ),
  bundle(
    'too many files',
    Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${String(index)}`, file()])),
    /changes 12 files, and the limit is 11\..*relay\.limits\.files/,
    { host: { limits: { files: 11 } } },
  ),
  bundle(
    'a patch that is too large',
    { 'large.txt': file('0123456789\n'.repeat(1000)) },
    /The patch has 1\d{4} bytes, and the limit is 4096\..*relay\.limits\.patchBytes/,
    { host: { limits: { patchBytes: 4096 } } },
  ),
  {
    ...bundle(
      'more than the team allows',
      { 'large.txt': file('x'.repeat(101)) },
      /"large\.txt" has 101 bytes, and the limit is 100\..*limits\.fileBytes in \.task-relay\.json/,
      { host: { limits: { fileBytes: 1000 } } },
    ),
    baseline: { '.task-relay.json': file('{"limits":{"fileBytes":100}}') },
  },
  {
    ...bundle(
      'more than the user allows',
      { 'large.txt': file('x'.repeat(102)) },
      /"large\.txt" has 102 bytes, and the limit is 100\..*relay\.limits\.fileBytes/,
      { host: { limits: { fileBytes: 100 } } },
    ),
    baseline: { '.task-relay.json': file('{"limits":{"fileBytes":1000}}') },
  },

  fidelity('a set-user-id bit on a file that may be run now', { 'config.json': { mode: '104755', content: '{}\n' } }),
  bundle(
    'rights of a group and nothing else',
    { 'config.json': { mode: '100664', content: '{}\n' } },
    /modes that git does not keep/,
  ),
  fidelity('a set-user-id bit beside a change', { tool: file('#!/bin/sh\n', '104755') }),
  fidelity('a sticky bit beside a change', { 'src/c.ts': file('c\n', '101644') }),
  fidelity('a file that all may write', { 'src/d.ts': file('d\n', '100666') }),
  {
    ...fidelity('a folder without anything in it', {}),
    result: (judged) =>
      judged.tree([
        ...judged.roots().map(emptied(judged.tree([]))),
        { mode: '100644', name: 'zz', id: judged.blob('z') },
      ]),
  },
  {
    ...fidelity('entries out of their order', {}),
    judging: { spec: { scope: { allowProtected: ['**'] } } },
    result: (judged) => judged.tree([{ mode: '100644', name: 'zz', id: judged.blob('z') }, ...judged.roots()]),
  },
  {
    ...fidelity('two entries of one name', {}),
    result: (judged) => {
      const twice = ['1', '2'].map((content) => ({ mode: '100644', name: 'zz', id: judged.blob(content) }));
      return judged.tree([...judged.roots(), ...twice]);
    },
  },
  {
    what: 'a file as a submodule that a person allows, whose commit is nowhere',
    result: { 'config.json': submodule(), l: link('../x') },
    judging: { spec: { scope: { allowProtected: ['**'] } } },
    code: 'POLICY',
    check: 'scope',
    message: /leads out of the repository/,
  },
];

function emptied(empty: string) {
  return (entry: { readonly mode: string; readonly name: string; readonly id: string }) =>
    entry.name === 'src' ? { ...entry, id: empty } : entry;
}

function bundle(what: string, result: Changes, message: RegExp, judging: Judging = {}): Hostile {
  return { what, result, judging, code: 'BAD_ARTIFACTS', check: 'bundle', message };
}

function fidelity(what: string, result: Changes): Hostile {
  const message = /does not reproduce what the executor made/;
  return { what, result, code: 'BAD_ARTIFACTS', check: 'fidelity', message };
}
