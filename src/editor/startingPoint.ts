import * as vscode from 'vscode';
import type { Repository } from './jobModel.ts';
import { pick, type Step } from './steps.ts';

export type StartingPoint = 'head' | 'uncommitted';

/** Tells whether a working tree has uncommitted work. */
export type HasUncommitted = (workspace: string) => Promise<boolean>;

/**
 * Where a task starts: asked where the working tree has uncommitted work, and nowhere else. Git is asked at once, so that
 * nobody waits for it: this is the last question, and `settled` resolves when it is known whether it is one.
 */
export function startingPointStep(
  repositories: readonly Repository[],
  hasUncommitted: HasUncommitted,
  chosen: { readonly repository: () => Repository | undefined; readonly take: (start: StartingPoint) => void },
): { readonly step: Step; readonly settled: Promise<unknown> } {
  const dirty = new Set<string>();
  const settled = Promise.all(
    repositories.map(async ({ workspace }) => {
      if (await hasUncommitted(workspace)) dirty.add(workspace);
    }),
  );
  const step = pick<StartingPoint>({
    isAsked: () => dirty.has(chosen.repository()?.workspace ?? ''),
    prompt: vscode.l10n.t('You have uncommitted changes. Where does the task start?'),
    items: () => [
      { label: vscode.l10n.t('HEAD'), description: vscode.l10n.t('the last commit'), value: 'head' },
      {
        label: vscode.l10n.t('HEAD with my uncommitted work'),
        description: vscode.l10n.t('staged, unstaged and untracked files as they are saved now'),
        value: 'uncommitted',
      },
    ],
    take: chosen.take,
  });
  return { step, settled };
}
