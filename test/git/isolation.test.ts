import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FidelityBed, type Outcome } from '../fixtures/fidelityBed.ts';
import { makeGround } from '../fixtures/fidelityGrounds.ts';
import { photographFiles, removeDirectory, temporaryDirectory, type Photograph } from '../fixtures/repository.ts';

let directory: string;
let bed: FidelityBed;
let untouched: Photograph;

/** One job's edit: of a file under rules, of a new one, of permissions, and a deletion. */
const EDIT = 'echo mine >> README; echo new > fresh.txt; chmod +x old.txt; rm data.bin';

/** What that edit comes to, whatever came before it. */
let own: Outcome;

beforeAll(async () => {
  directory = temporaryDirectory();
  bed = await FidelityBed.open(join(directory, 'bed'), makeGround(join(directory, 'repository'), 'attributes'));
  own = await bed.run({
    script: EDIT,
    after: (root) => {
      untouched = photographFiles(root);
    },
  });
  expect(own.kind === 'proven' ? own.changes.map((change) => change.split(' ')[2]) : own).toEqual([
    'README',
    'data.bin',
    'fresh.txt',
    'old.txt',
  ]);
});

afterAll(async () => {
  await bed.close();
  removeDirectory(directory);
});

const driver = 'git config filter.lfs.clean "tr a-z A-Z"; git config filter.lfs.smudge "tr a-z A-Z"';
const wide = '.git/info/attributes';

/** What an executor can leave for whoever comes after it, and for the relay that reads its files. */
const leavings: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'git config core.fsmonitor "touch $PWD/spied; false"',
  'core.hooksPath': 'git config core.hooksPath "$PWD/.git/hooks"',
  'core.worktree': 'git config core.worktree /; git config core.bare true',
  'core.autocrlf': 'git config core.autocrlf true; git config core.eol crlf; git config core.safecrlf true',
  'core.fileMode': 'git config core.fileMode false; git config core.symlinks false; git config core.ignoreCase true',
  'core.excludesFile': 'echo "*" > ../all; git config core.excludesFile "$PWD/../all"',
  'core.attributesFile': 'echo "* -text filter=lfs" > ../rules; git config core.attributesFile "$PWD/../rules"',
  'core.untrackedCache': 'git config core.untrackedCache true; git config core.splitIndex true; git status',
  'a filter and its driver': `${driver}; mkdir -p .git/info; echo "* filter=lfs" > ${wide}`,
  'include.path': 'printf "[core]\\n\\tautocrlf = true\\n" > ../included; git config include.path "$PWD/../included"',
  'a broken configuration': 'echo "[core" > .git/config',
  'diff and apply': 'git config diff.noprefix true; git config diff.external false; git config apply.whitespace fix',
  'info/exclude': 'mkdir -p .git/info; echo "*" > .git/info/exclude',
  'info/attributes': `mkdir -p .git/info; echo "* -text eol=crlf" > ${wide}`,
  hooks: `mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch spied; exit 1\\n' | tee .git/hooks/pre-commit .git/hooks/post-checkout > .git/hooks/post-index-change; chmod +x .git/hooks/*`,
  locks: 'touch .git/index.lock .git/HEAD.lock .git/config.lock .git/packed-refs.lock .git/shallow.lock',
  'alternates to nowhere': 'echo /nonexistent > .git/objects/info/alternates',
  'other objects': 'rm -rf .git/objects; ln -s /nonexistent .git/objects',
  'a broken index': 'echo broken > .git/index',
  'a broken HEAD': 'echo broken > .git/HEAD; rm -rf .git/refs',
  'a file for .git': 'rm -rf .git; echo "gitdir: /nonexistent" > .git',
  'a link for .git': 'rm -rf .git; ln -s / .git',
  'a fifo for .git': 'rm -rf .git; mkfifo .git',
  'no .git': 'rm -rf .git',
  'folders that are closed': 'mkdir -p closed/in; echo x > closed/in/x; chmod 000 closed/in closed a',
  'files that are closed': 'chmod 000 README old.txt',
  'a sparse checkout': 'git sparse-checkout set --no-cone /a',
  'assume-unchanged': 'git update-index --assume-unchanged README old.txt data.bin',
  'skip-worktree': 'git update-index --skip-worktree README old.txt data.bin',
  'intent to add': 'echo x > later.txt; git add -N later.txt; rm later.txt',
  'a half done merge': 'git rev-parse HEAD > .git/MERGE_HEAD; git update-index --force-remove README',
  'replaced objects': 'git replace -f HEAD:README HEAD:b.txt; git replace -f HEAD HEAD~1',
  grafts: 'mkdir -p .git/info; git rev-parse HEAD > .git/info/grafts',
  'a shallow file': 'git rev-parse HEAD > .git/shallow',
  'packed refs': 'git update-ref refs/heads/evil HEAD~1; git pack-refs --all; git symbolic-ref HEAD refs/heads/evil',
  'a commit and a stash': 'echo x > x; git add -A; git commit -qm x; echo y > y; git stash -qu; git checkout -qb other',
  'collected garbage': 'git reflog expire --expire=now --all; git gc -q --prune=now',
  'a repository in a tracked folder': 'git init -q a && cd a && git commit -q --allow-empty -m x',
  'an ignored repository in a tracked folder': 'echo /a > .gitignore; git init -q a',
  'a file like a repository in a tracked folder': 'echo "gitdir: /nonexistent" > a/.git',
  'repositories by other names': 'mkdir .GIT a/.Git; echo x > a/.Git/x',
  'a linked worktree': 'git worktree add -q --detach ../wt; rm -rf ../wt/.git',
  'rules in every folder':
    'for d in . a sub2; do mkdir -p $d; echo "* -text filter=lfs" > $d/.gitattributes; echo "*" > $d/.gitignore; done',
  'the relay’s own index':
    'cp .git/index ../index; cp .git/index ../index.base; touch ../index.lock ../index.base.lock',
};

it.each(Object.entries(leavings))('is read as it is after a job that left: %s', async (_name, script) => {
  await bed.run({ script: `${script}; echo theirs > theirs.txt` });
  const next = await bed.run({
    script: EDIT,
    after: (root) => {
      expect(photographFiles(root)).toEqual(untouched);
    },
  });
  expect(next).toEqual(own);
});
