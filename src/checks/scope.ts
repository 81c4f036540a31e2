import type { FileChange } from '../domain/artifact.ts';
import { failure } from '../domain/failure.ts';
import type { Git } from '../git/git.ts';
import { describe } from '../git/git.ts';
import { linksIn } from '../git/links.ts';
import { parsePatch } from '../git/patch.ts';
import { shown, type BytePath } from '../git/path.ts';
import type { Bundle } from './bundle.ts';
import { failed, passed, type Finding } from './finding.ts';
import { whyForbidden } from './forbiddenPath.ts';
import { matcher } from './glob.ts';
import { leadsOutside } from './linkTarget.ts';
import { aboutProtection, protectionOf } from './protectedPaths.ts';
import { isReformattable, reformatted } from './reformatting.ts';

/**
 * Every touched path stays inside of the repository, is not protected, and is inside of `scope.fileGlobs`; no link leads
 * outside, and no submodule is moved. All that is wrong is told, the worst first.
 */
export async function checkScope(bundle: Bundle, git: Git): Promise<Finding> {
  const touched = bundle.files.map((file, index) => ({ file, path: bundle.paths[index] ?? file.path }));
  const links = await wrongLinks(touched, bundle, git);
  if (typeof links === 'string') return failed(failure('INTERNAL_ERROR', links));
  const wrong = [
    ...forbidden(touched),
    ...links,
    ...movedSubmodules(touched, bundle),
    ...protectedOnes(touched, bundle),
    ...outside(touched, bundle),
    ...whiteSpace(touched, bundle),
  ];
  const [first] = wrong;
  return first === undefined ? passed(praise(touched, bundle)) : failed(failure('POLICY', first), wrong.join('\n'));
}

interface Touched {
  readonly file: FileChange;
  readonly path: BytePath;
}

function forbidden(touched: readonly Touched[]): readonly string[] {
  const bad = touched.flatMap(({ path }) => {
    const why = whyForbidden(path);
    return why === undefined ? [] : [{ path, why }];
  });
  return grouped(bad, (paths, why) => `The patch touches ${paths}, which ${why}. No patch may do that.`);
}

/** Links that the patch makes, and older ones that lead elsewhere through those; a text where git cannot tell. */
async function wrongLinks(touched: readonly Touched[], bundle: Bundle, git: Git): Promise<readonly string[] | string> {
  const made = new Set(touched.filter(({ file }) => file.newMode === '120000').map(({ path }) => path));
  if (made.size === 0) return [];
  const links = await linksIn(git, bundle.resultTree);
  if (!links.ok) return `The links of the result cannot be read: ${describe(links.error)}`;
  const lead = leadsOutside(links.value);
  const bad = [...links.value.keys()].flatMap((path) => {
    const found = lead(path);
    if (found === undefined || !found.by.some((link) => made.has(link))) return [];
    const way = found.by.slice(1).map((link) => `"${shown(link)}"`);
    return [{ path, why: way.length === 0 ? found.why : `${found.why} by way of ${way.join(', ')}` }];
  });
  return grouped(bad, (paths, why) => `The symbolic link ${paths} ${why}. No patch may make such a link.`);
}

function movedSubmodules(touched: readonly Touched[], { policy }: Bundle): readonly string[] {
  const isMovable = matcher(policy.movable);
  const moved = touched.filter(({ file, path }) => isSubmodule(file) && !isMovable(shown(path)));
  if (moved.length === 0) return [];
  return [
    `The patch moves the submodule ${listed(moved)}. A task may not do that, unless a person allows it in scope.allowProtected (--allow-protected), or it is lifted in .task-relay.json or in relay.policy.lift.`,
  ];
}

function isSubmodule({ oldMode, newMode }: FileChange): boolean {
  return oldMode === '160000' || newMode === '160000';
}

function protectedOnes(touched: readonly Touched[], { policy }: Bundle): readonly string[] {
  const protection = protectionOf(policy.protections);
  const bad = touched.flatMap(({ file, path }) => {
    const by = protection(shown(path), isFile(file));
    return by === undefined ? [] : [{ path, why: aboutProtection(by) }];
  });
  return grouped(bad, (paths, why) => `The patch touches ${paths}, which is ${why}`);
}

function isFile({ newMode }: FileChange): boolean {
  return newMode !== '120000' && newMode !== '160000';
}

function outside(touched: readonly Touched[], { spec }: Bundle): readonly string[] {
  const globs = spec.scope?.fileGlobs;
  if (globs === undefined) return [];
  const isInside = matcher(globs);
  const bad = touched.filter(({ path }) => !isInside(shown(path)));
  if (bad.length === 0) return [];
  return [
    `The patch touches ${listed(bad)}, outside of the task's scope (${globs.join(', ')}). Ask for less, or widen scope.fileGlobs.`,
  ];
}

function whiteSpace(touched: readonly Touched[], { spec, patch }: Bundle): readonly string[] {
  if (spec.scope?.disallowReformatting !== true) return [];
  const modified = new Set(touched.filter(({ file }) => isReformattable(file)).map(({ path }) => path));
  const found: string[] = [];
  parsePatch(patch, (hunk) => {
    if (modified.has(hunk.path)) found.push(...reformatted(hunk));
  });
  if (found.length === 0) return [];
  const more = found.length > MOST_NAMED ? ` and ${String(found.length - MOST_NAMED)} more` : '';
  return [
    `The patch changes nothing but white space at ${found.slice(0, MOST_NAMED).join(', ')}${more}. The task disallows reformatting.`,
  ];
}

function praise(touched: readonly Touched[], { spec, policy }: Bundle): string {
  const globs = spec.scope?.fileGlobs;
  const count = String(touched.length);
  const where = globs === undefined ? 'inside of the repository' : `inside of ${globs.join(', ')}`;
  const byDefault = protectionOf(policy.protections.map((protection) => ({ ...protection, lifted: [] })));
  const lifted = touched.filter(
    ({ file, path }) => isSubmodule(file) || byDefault(shown(path), isFile(file)) !== undefined,
  );
  const told = lifted.length === 0 ? 'none is protected' : `protected, but allowed: ${listed(lifted)}`;
  return `All ${count} files are ${where}; ${told}.`;
}

/** One sentence for each reason, with the paths that it is about. */
function grouped(
  bad: readonly { readonly path: BytePath; readonly why: string }[],
  sentence: (paths: string, why: string) => string,
): readonly string[] {
  const reasons = [...new Set(bad.map(({ why }) => why))];
  return reasons.map((why) => sentence(listed(bad.filter((one) => one.why === why)), why));
}

const MOST_NAMED = 5;

function listed(all: readonly { readonly path: BytePath }[]): string {
  const more = all.length > MOST_NAMED ? ` and ${String(all.length - MOST_NAMED)} more` : '';
  return `${all
    .slice(0, MOST_NAMED)
    .map(({ path }) => `"${shown(path)}"`)
    .join(', ')}${more}`;
}
