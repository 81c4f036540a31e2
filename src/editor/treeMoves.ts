import * as vscode from 'vscode';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { onGitMoved } from './gitExtension.ts';
import type { JobModel } from './jobModel.ts';

/** Saves of many files come together. */
const TOGETHER_MS = 300;

/** Tells the relays when the working tree may have moved, as far as the editor hears of it; commits they hear of themselves. */
export class TreeMoves implements vscode.Disposable {
  readonly #clock: Clock;
  readonly #model: JobModel;
  readonly #subscriptions: readonly Disposable[];
  #timer: Disposable | undefined;

  constructor(clock: Clock, model: JobModel) {
    this.#clock = clock;
    this.#model = model;
    const moved = (): void => this.#moved();
    this.#subscriptions = [
      vscode.workspace.onDidSaveTextDocument(({ uri }) => (uri.scheme === 'file' ? moved() : undefined)),
      vscode.workspace.onDidCreateFiles(moved),
      vscode.workspace.onDidDeleteFiles(moved),
      vscode.workspace.onDidRenameFiles(moved),
      onGitMoved(moved),
    ];
  }

  dispose(): void {
    this.#timer?.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #moved(): void {
    this.#timer ??= this.#clock.after(TOGETHER_MS, () => {
      this.#timer = undefined;
      const open = this.#model.jobs().filter(({ summary }) => isOpen(summary.delivery));
      for (const { relay } of new Set(open.map(({ repository }) => repository))) void relay.look({});
    });
  }
}

/** Where no patch waits to be applied, nobody has to look. */
function isOpen(delivery: string | undefined): boolean {
  return delivery === 'none' || delivery === 'undone';
}
