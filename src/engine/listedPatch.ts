import { patchFiles, type PatchFile } from '../git/patchFiles.ts';
import { shown } from '../git/path.ts';
import { listedHunks, selectionOf, type Selection } from '../git/selection.ts';
import type { Hunks } from '../protocol/jobView.ts';
import type { Receipt } from './receipt.ts';

type Listed = Hunks['files'][number];

/** The files and hunks of a patch, with what of them a receipt says is applied; without one nothing is. */
export function listed(patch: Buffer, receipt: Pick<Receipt, 'chosen'> | undefined): Hunks {
  const files = patchFiles(patch);
  const applied = receipt === undefined ? undefined : selectionOf(files, receipt.chosen);
  const selection: Selection = applied?.ok === true ? applied.value : new Map();
  return { files: files.map((file) => listedFile(patch, file, selection)) };
}

function listedFile(patch: Buffer, file: PatchFile, selection: Selection): Listed {
  const choice = selection.get(file.path);
  const isApplied = (number: number): boolean => choice === 'whole' || choice?.has(number) === true;
  return {
    path: shown(file.path),
    whole: file.whole,
    ...(choice === 'whole' ? { applied: true } : {}),
    hunks: listedHunks(patch, file).map((hunk) => ({
      ...hunk,
      preview: [...hunk.preview],
      ...(isApplied(hunk.number) ? { applied: true as const } : {}),
    })),
  };
}
