import { bullets, numbered } from '../base/markdown.ts';
import type { Earlier } from '../domain/executor.ts';
import { fenced } from './fence.ts';
import { named } from './named.ts';

/** What was done before a task that goes on from it, oldest first. */
export interface Before {
  readonly earlier: readonly Earlier[];
  /** The agent goes on in the thread of the last of them: it knows what it was asked and what it did. */
  readonly isRemembered: boolean;
}

const REMEMBERED =
  'You go on from your own earlier work. This is another checkout than before, perhaps in another folder: it is at the ' +
  'result of that work, exactly as it was proven, and nothing else is in it that you may have done since. Files that git ' +
  'ignores are gone. Read a file again before you edit it. The patch will be what you change from here on.';

const HERE =
  'This goes on from work that was done before, by you or by somebody else. The checkout is at its result. The patch will ' +
  'be what you change from here on.';

const ELSEWHERE =
  'This was to go on from work that was done before, on another commit. Whether the checkout has that work is for you to ' +
  'see; the patch is to do the task below in either case.';

/** What an agent is told of earlier work: of what it remembers by itself, only where it stands now. */
export function beforeSection({ earlier, isRemembered }: Before): string {
  if (isRemembered) return `## Before\n\n${REMEMBERED}`;
  const isHere = earlier.every((one) => one.isHere);
  return ['## Before', isHere ? HERE : ELSEWHERE, ...earlier.map(earlierText)].join('\n\n');
}

function earlierText({ task: { title, description, acceptance = [] }, summary, files, fileCount }: Earlier): string {
  const criteria = acceptance.length === 0 ? [] : [numbered(acceptance)];
  const more = fileCount > files.length ? [`and ${String(fileCount - files.length)} more`] : [];
  return [
    `It was asked for this:\n\n${fenced([title, ...(description === undefined ? [] : [description]), ...criteria].join('\n\n'))}`,
    ...(summary === undefined ? [] : [`Whoever did it said of it:\n\n${fenced(summary)}`]),
    fileCount === 0 ? 'It changed no file.' : `It changed:\n\n${bullets([...files.map(named), ...more])}`,
  ].join('\n\n');
}
