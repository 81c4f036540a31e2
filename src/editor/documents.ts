import * as vscode from 'vscode';
import type { ArtifactName } from '../domain/artifact.ts';
import { checkDocument } from './checkDocument.ts';
import type { Job, JobModel } from './jobModel.ts';

/** Artifacts and check outputs, as documents that nobody can write. */
const DOCUMENT_SCHEME = 'relay-document';
/** Changed files at the baseline and as the patch makes them, from git objects. */
const FILE_SCHEME = 'relay-file';

const CERTIFICATE = 'certificate.md';
const SLICE_BYTES = 1024 * 1024;
/** An editor opens no more of a log or patch than this. */
const MOST_BYTES = 16 * SLICE_BYTES;

export function documentUri({ summary }: Job, name: ArtifactName): vscode.Uri {
  return vscode.Uri.from({ scheme: DOCUMENT_SCHEME, path: `/${summary.jobId}/${name}`, query: version(summary) });
}

/** A job's certificate for people. */
export function certificateUri({ summary }: Job): vscode.Uri {
  return vscode.Uri.from({
    scheme: DOCUMENT_SCHEME,
    path: `/${summary.jobId}/${CERTIFICATE}`,
    query: version(summary),
  });
}

export function checkUri({ summary }: Job, check: string): vscode.Uri {
  return vscode.Uri.from({
    scheme: DOCUMENT_SCHEME,
    path: `/${summary.jobId}/checks/${check}.txt`,
    query: version(summary),
  });
}

export function fileUri({ summary }: Job, path: string, side: 'before' | 'after'): vscode.Uri {
  // Another attempt may have another content: a document that is open must not stand for it.
  const query = String(summary.attempt);
  return vscode.Uri.from({ scheme: FILE_SCHEME, authority: `${summary.jobId}.${side}`, path: `/${path}`, query });
}

function version({ stateVersion }: Job['summary']): string {
  return String(stateVersion);
}

/** Registers both kinds of documents. */
export function registerDocuments(model: JobModel): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(DOCUMENT_SCHEME, {
      provideTextDocumentContent: (uri) => documentText(model, uri),
    }),
    vscode.workspace.registerFileSystemProvider(FILE_SCHEME, new ReviewFiles(model), {
      isReadonly: true,
      isCaseSensitive: true,
    }),
  );
}

async function documentText(model: JobModel, uri: vscode.Uri): Promise<string> {
  const [, jobId = '', ...parts] = uri.path.split('/');
  const rest = parts.join('/');
  const job = jobNamed(model, jobId);
  if (rest.startsWith('checks/')) {
    const name = rest.slice('checks/'.length, -'.txt'.length);
    const view = await model.view(job);
    const check = view?.checks.find((one) => one.name === name);
    if (check === undefined) return vscode.l10n.t('The check has left nothing.');
    return checkDocument(check, (offset, maxBytes) =>
      job.repository.relay.checkOutput({ jobId: job.summary.jobId, check: name, offset, maxBytes }),
    );
  }
  if (rest === CERTIFICATE) {
    const { certificateText } = await import('../protocol/codecs.ts');
    return certificateText(await artifactText(job, 'certificate.json'));
  }
  return artifactText(job, artifactName(rest));
}

async function artifactText(job: Job, name: ArtifactName): Promise<string> {
  const slices: Buffer[] = [];
  for (let offset = 0; offset < MOST_BYTES;) {
    const slice = await job.repository.relay.artifact({
      jobId: job.summary.jobId,
      name,
      offset,
      maxBytes: SLICE_BYTES,
    });
    if (!slice.ok) throw new Error(slice.error.message);
    const bytes = Buffer.from(slice.value.base64, 'base64');
    slices.push(bytes);
    offset += bytes.byteLength;
    if (bytes.byteLength === 0 || offset >= slice.value.totalBytes) break;
  }
  return Buffer.concat(slices).toString('utf8');
}

function artifactName(text: string): ArtifactName {
  switch (text) {
    case 'patch.diff':
    case 'out.md':
    case 'logs.txt':
    case 'pr.json':
    case 'certificate.json':
      return text;
    default:
      throw new Error(vscode.l10n.t('There is no document "{0}".', text));
  }
}

function jobNamed(model: JobModel, jobId: string): Job {
  const job = model.jobs().find((one) => one.summary.jobId === jobId);
  if (job === undefined)
    throw vscode.FileSystemError.FileNotFound(vscode.l10n.t('Job {0} is not in this window.', jobId));
  return job;
}

/** A file system, and not a text provider, so that binary files and images open as what they are. */
class ReviewFiles implements vscode.FileSystemProvider {
  readonly #model: JobModel;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(model: JobModel) {
    this.#model = model;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { byteLength } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: byteLength };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const [name = '', side] = uri.authority.split('.');
    const job = jobNamed(this.#model, name);
    const content = await job.repository.relay.content({
      jobId: job.summary.jobId,
      path: uri.path.slice(1),
      side: side === 'before' ? 'before' : 'after',
    });
    if (!content.ok) throw vscode.FileSystemError.Unavailable(content.error.message);
    return content.value.base64 === undefined ? new Uint8Array() : Buffer.from(content.value.base64, 'base64');
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw readOnly();
  }

  writeFile(): void {
    throw readOnly();
  }

  delete(): void {
    throw readOnly();
  }

  rename(): void {
    throw readOnly();
  }
}

function readOnly(): vscode.FileSystemError {
  return vscode.FileSystemError.NoPermissions(vscode.l10n.t('A patch is reviewed here, and changed nowhere.'));
}
