import type { JobSpec } from '../domain/jobSpec.ts';

/** How an agent gives its change: by editing files, or as a proposal that the relay makes. */
export type Form = 'edit' | 'proposal';

const EDIT = `You work in a checkout of a git repository; your working directory is its root. Make the change that the task asks for by editing the files there. When you have finished, git compares them with the commit, and that is your patch.

- Do not commit, stage, stash or switch branches, and do not touch \`.git\`.
- Files that git ignores, and files outside of the checkout, are not part of the change. Leave the latter alone.
- Remove what you made only to try something.
- Nobody answers questions. Where something is open, do what fits the repository, and say so in the notes.`;

const PROPOSAL = `You work in a checkout of a git repository; your working directory is its root, and you may only read there. Change no file: your answer describes the change, and it is made from that.

- Read each file before you propose an edit of it.
- Nobody answers questions. Where something is open, do what fits the repository, and say so in the notes.`;

/** What the agent works in, and by which rules. */
export function workSection(form: Form): string {
  return form === 'edit' ? EDIT : PROPOSAL;
}

const TOLD = `- a summary: what changed and why, in a few sentences
- a test plan: how a person can see that it works
- notes: what is open, what you left out, what a reviewer should look at; nothing where there is nothing`;

const JSON_ANSWER = `Answer with one JSON object of the schema that you were given, and nothing around it. It describes the whole change:

- \`edits\`: each has a \`path\`, an \`oldText\` and a \`newText\`. \`oldText\` is a piece of the file as it is, byte for byte, with its white space and line ends. It must occur exactly once in the file, so take as many lines as that needs. \`newText\` takes its place. Edits are made one after the other.
- \`files\`: whole files, for new files, or where nearly all of a file changes.
- \`deletions\`: paths of files that go.
- \`summary\`: what changed and why, in a few sentences.
- \`testPlan\`: how a person can see that it works.
- \`notes\`: what is open, what you left out, what a reviewer should look at.

Paths are relative to the root of the checkout, with \`/\`. Name a file in one of the three alone.`;

/** What the answer should hold. */
export function answerSection(form: Form, { allowEmpty = false }: JobSpec): string {
  const answer =
    form === 'proposal'
      ? JSON_ANSWER
      : `When the files are as they should be, end with a short message. It should have:\n\n${TOLD}`;
  const empty = allowEmpty
    ? 'If nothing has to change, change nothing, and say why.'
    : 'A result without any change counts as failed.';
  return `## Answer\n\n${answer}\n\n${empty}`;
}
