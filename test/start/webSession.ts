import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../../src/base/result.ts';
import { acquireLock } from '../../src/store/lock.ts';
import type { ServerEdition } from '../editor/edition.ts';
import { installExtension, startServer } from '../editor/server.ts';
import { writeUserData } from '../editor/userData.ts';
import { packageExtension } from '../editor/vsix.ts';
import { makeSample } from './sample.ts';

export interface WebSession {
  /** What a browser opens: it has the token in it, without which the server lets nobody in. */
  readonly address: string;
  readonly repository: string;
  /** Resolves where the server ends by itself. */
  readonly ended: Promise<unknown>;
  /** Ends every process, and takes all but the repository away. */
  close(): Promise<void>;
}

/** The browser edition of VS Code on a sample repository, both made anew in `directory`, with the extension of `root` in it. */
export async function openWebSession(
  edition: ServerEdition,
  { root, directory }: { readonly root: string; readonly directory: string },
): Promise<Result<WebSession, string>> {
  await mkdir(directory, { recursive: true });
  const lock = acquireLock(join(directory, 'lock'));
  if (!lock.ok) return err(lock.error.kind === 'held' ? `It runs already on ${directory}.` : lock.error.message);
  const [repository, editor] = [join(directory, 'repo'), join(directory, 'editor')];
  const leave = async (): Promise<void> => {
    // A process that was just ended may still have written something.
    await rm(editor, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    lock.value.dispose();
  };
  try {
    await rm(editor, { recursive: true, force: true });
    await makeSample(repository, process.env);
    await mkdir(join(editor, 'home'), { recursive: true });
    await writeUserData(join(editor, 'user'), { settings: { 'git.openRepositoryInParentFolders': 'never' } });
    const vsix = join(editor, 'task-relay.vsix');
    await packageExtension(root, vsix);
    await installExtension(edition, editor, vsix);
    const token = randomBytes(16).toString('hex');
    const server = await startServer(edition, editor, { token });
    const query = new URLSearchParams({ folder: repository, tkn: token });
    return ok({
      address: `http://127.0.0.1:${server.port}/?${query.toString()}`,
      repository,
      ended: server.child.exited,
      close: () => server.close().finally(leave),
    });
  } catch (thrown) {
    await leave();
    throw thrown;
  }
}
