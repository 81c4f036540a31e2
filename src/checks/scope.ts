import picomatch from 'picomatch';
import { failure } from '../domain/failure.ts';
import type { Bundle } from './bundle.ts';
import { failed, passed, skipped, type Finding } from './finding.ts';

/** Every touched path is inside `scope.fileGlobs`, and no submodule is moved. */
export function checkScope(bundle: Bundle): Finding {
  const submodules = bundle.files.filter((file) => file.oldMode === '160000' || file.newMode === '160000');
  if (submodules.length > 0) {
    return failed(failure('POLICY', `The patch moves the submodule ${listed(submodules)}. A task may not do that.`));
  }
  const globs = bundle.spec.scope?.fileGlobs;
  if (globs === undefined) return skipped('The task sets no file globs.');
  const inside = picomatch([...globs], { dot: true });
  const outside = bundle.files.filter((file) => !inside(file.path));
  if (outside.length === 0) return passed(`All ${String(bundle.files.length)} files are inside ${globs.join(', ')}.`);
  return failed(
    failure('POLICY', `The patch touches ${listed(outside)}, outside of the task's scope (${globs.join(', ')}).`),
  );
}

function listed(files: readonly { readonly path: string }[]): string {
  const more = files.length > 5 ? ` and ${String(files.length - 5)} more` : '';
  return `${files
    .slice(0, 5)
    .map((file) => `"${file.path}"`)
    .join(', ')}${more}`;
}
