import { file, link, submodule, type Changes, type Judging } from '../../fixtures/judged.ts';
import type { Hostile } from './hostile.ts';

const DEFAULT = /protected by default/;

/** What a patch may touch only where somebody has said so. */
export const protections: readonly Hostile[] = [
  touching('.github/workflows/release.yml'),
  touching('.github/workflows/deep/er.yml'),
  made('a workflow changed', { '.github/workflows/ci.yml': file('on: pull_request_target\n') }),
  made('a workflow deleted', { '.github/workflows/ci.yml': undefined }),
  touching('.GitHub/Workflows/ci2.yml'),
  touching('.github./workflows /ci.yml'),
  touching('.github\\workflows\\ci.yml'),
  touching('GITHUB~1/workflows/ci.yml'),
  touching('.github/WORKFL~2/ci.yml'),
  touching('.github/workflows/two\nlines.yml'),
  touching('．github/workflows/ci.yml'),
  touching('.github\u200d/workflows/ci.yml'),
  touching('latin1:.github/workflows/\xff\xfe.yml'),
  made('the workflows as a link', { '.github/workflows': link('../src') }),
  made('what is above the workflows as a link', { '.github': link('src') }),
  touching('.vscode/tasks.json'),
  touching('.vscode/settings.json'),
  touching('packages/a/.vscode/settings.json'),
  touching('.VSCODE/Tasks.JSON'),
  touching('.vscode/ſettings.json'),
  touching('.vscode/SETTIN~1.JSO'),
  touching('.vscode/tasks.json::$DATA'),
  made('.vscode as a link to a folder with tasks', { 'dot/tasks.json': file(), '.vscode': link('dot') }),
  made(
    '.vscode as a submodule',
    { '.vscode': submodule() },
    { spec: { scope: { allowProtected: ['src/**'] } } },
    /submodule/,
  ),
  touching('.envrc'),
  touching('deep/er/.envrc'),
  touching('.EnvRC'),
  made('.npmrc changed', { '.npmrc': file('registry=https://example.org/\n') }),
  made('.npmrc deleted', { '.npmrc': undefined }),
  touching('packages/a/.npmrc'),
  touching('.NPMRC'),
  touching('.npmrc.'),
  touching('.npmrc '),
  touching('NPMRC~1'),
  touching('.npm\u00adrc'),
  touching('．npmrc'),
  touching('.husky/pre-commit'),
  touching('.husKy/pre-push'),
  touching('.githooks/post-checkout'),
  touching('hooks/pre-commit'),
  touching('tools/hooks/post-merge'),
  made('a hook that may be run', { '.husky/post-checkout': file('#!/bin/sh\n', '100755') }),
  made('.gitmodules with another url', {
    '.gitmodules': file('[submodule "sub"]\n\tpath = sub\n\turl = ext::sh -c x\n'),
  }),
  made('.gitmodules as a link', { '.gitmodules': link('a.txt') }),
  touching('.GITMODULES'),
  touching('gitmod~1'),
  touching('GI7EBA~1'),
  touching('.git\u200cmodules'),
  touching('.gitmodules '),
  made('a new submodule', { another: submodule() }, {}, /moves the submodule "another"/),
  {
    ...made('a submodule moved', { sub: submodule('2'.repeat(40)) }, {}, /moves the submodule "sub"/),
    baseline: { sub: submodule() },
  },
  {
    ...made('a submodule taken out', { sub: undefined }, {}, /moves the submodule "sub"/),
    baseline: { sub: submodule() },
  },
  made('a file as a submodule', { 'a.txt': submodule() }, {}, /moves the submodule "a\.txt"/),

  made(
    'a policy that lifts what the same patch touches',
    { '.task-relay.json': file('{"lift":["**"]}'), '.npmrc': file('registry=https://example.org/\n') },
    {},
    DEFAULT,
  ),
  made(
    'a policy that is made',
    { '.task-relay.json': file('{"lift":["**"]}') },
    {},
    /the policy that patches are judged by/,
  ),
  {
    ...made(
      'a policy that is taken away',
      { '.task-relay.json': undefined },
      {},
      /the policy that patches are judged by/,
    ),
    baseline: { '.task-relay.json': file('{"protect":["src/**"]}') },
  },
  {
    ...made(
      'a policy that lifts itself',
      { '.task-relay.json': file('{}') },
      {},
      /the policy that patches are judged by/,
    ),
    baseline: { '.task-relay.json': file('{"lift":["**"]}') },
  },
  made('a policy in other case', { '.TASK-RELAY.JSON': file('{}') }, {}, /the policy that patches are judged by/),
  made('a policy by its short name', { 'TASK-R~1.JSO': file('{}') }, {}, /the policy that patches are judged by/),
  made('a policy as a link', { '.task-relay.json': link('config.json') }, {}, /the policy that patches are judged by/),
  {
    ...made('what the team protects', { 'src/b.ts': file() }, {}, /protected by \.task-relay\.json at the baseline/),
    baseline: { '.task-relay.json': file('{"protect":["src/**"]}') },
  },
  {
    ...made(
      'what the team protects, lifted by a setting',
      { 'src/b.ts': file('export {};\n') },
      { host: { lift: ['**'] } },
      /protected by \.task-relay\.json at the baseline/,
    ),
    baseline: { '.task-relay.json': file('{"protect":["src/**"]}') },
  },
  {
    ...made(
      'what the user protects, lifted by the team',
      { 'src/b.ts': file('export {};\n') },
      { host: { protect: ['src/**'] } },
      /protected by the setting relay\.policy\.protect/,
    ),
    baseline: { '.task-relay.json': file('{"lift":["**"]}') },
  },
  made('a lift to the letter', { '.NPMRC': file() }, { host: { lift: ['.npmrc'] } }, DEFAULT),
  made(
    'another path than the one that is allowed',
    { 'x/.npmrc': file() },
    { spec: { scope: { allowProtected: ['.npmrc'] } } },
    DEFAULT,
  ),
  made(
    'the allowed beside what is never allowed',
    { '.GIT/x': file() },
    { spec: { scope: { allowProtected: ['**'] } } },
    /No patch may/,
  ),
  made(
    'a link outside that all would allow',
    { l: link('/') },
    { host: { lift: ['**'] } },
    /No patch may make such a link/,
  ),

  made(
    'a file moved out',
    { 'secret/key.txt': undefined, 'src/key.txt': file('a key\n') },
    inSrc(),
    /"secret\/key\.txt", outside/,
  ),
  made(
    'a file moved in',
    { 'src/b.ts': undefined, 'other/b.ts': file('export const b = 1;\n') },
    inSrc(),
    /"other\/b\.ts", outside/,
  ),
  made('a name with a line break', { 'two\nlines': file() }, inSrc(), /outside of the task's scope/),
  made('a name that is no UTF-8', { 'latin1:\xff.ts': file() }, inSrc(), /outside of the task's scope/),
  made('a folder that only begins so', { 'srcs/b.ts': file() }, inSrc(), /"srcs\/b\.ts", outside/),
];

function inSrc(): Judging {
  return { spec: { scope: { fileGlobs: ['src/**'] } } };
}

function touching(path: string): Hostile {
  return made(`${JSON.stringify(path)} added`, { [path]: file() });
}

function made(what: string, result: Changes, judging: Judging = {}, message = DEFAULT): Hostile {
  return { what, result, judging, code: 'POLICY', check: 'scope', message };
}
