// `npm run start:web`: VS Code in a browser, on a sample repository, with the extension as it is packaged; until Ctrl+C.
import { resolve } from 'node:path';
import { messageOf } from '../../src/base/result.ts';
import { serverEdition } from '../editor/edition.ts';
import { openWebSession } from './webSession.ts';

const root = resolve(import.meta.dirname, '..', '..');
const write = (text: string): void => void process.stdout.write(text);
/** From the first moment on, so that nothing that was started by then is left. */
const asked = new Promise<'asked'>((tell) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => tell('asked'));
});

/** The exit code. Takes the folder for the sample; `.sample/web` where none is named. */
async function main(directory = resolve(root, '.sample', 'web')): Promise<number> {
  write('Getting VS Code for the browser ready (the first time it is fetched: 580 MB on disk) …\n');
  const edition = await serverEdition();
  if (!edition.ok) return refuse(edition.error);
  const opened = await openWebSession(edition.value, { root, directory });
  if (!opened.ok) return refuse(opened.error);
  const session = opened.value;
  write(
    `\nVS Code ${edition.value.version} with Task Relay, on a sample repository in ${session.repository}:\n\n  ${session.address}\n\n`,
  );
  write(`Open it in a browser. Then: F1, "Relay: Submit Task"; as its command, for instance,\n\n`);
  write(`  node codemods/buffer-from.js\n\nIt stays until you press Ctrl+C.\n`);
  const how = await Promise.race([asked, session.ended.then(() => 'ended' as const)]);
  if (how === 'asked') write('\nEnding VS Code …\n');
  await session.close();
  return how === 'asked' ? 0 : refuse('VS Code ended by itself.');
}

function refuse(why: string): number {
  process.stderr.write(`npm run start:web failed: ${why}\n`);
  return 3;
}

// A signal can still be waiting to be heard, and the promise of it keeps no process alive: hence the exit by name.
main(process.argv[2]).then(
  (code) => process.exit(code),
  (thrown: unknown) => process.exit(refuse(messageOf(thrown))),
);
