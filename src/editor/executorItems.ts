import * as vscode from 'vscode';
import type { ExecutorView } from '../protocol/executorView.ts';
import type { Repository } from './jobModel.ts';
import { heldLabel } from './look.ts';

/** A row of a quick pick for an executor; what is chosen is its name. */
export interface ExecutorItem extends vscode.QuickPickItem {
  readonly value: string;
}

const AUTO = 'auto';
const COMMAND = 'command';
/** It plays what a cassette has, which a task of these steps does not name. */
const REPLAY = 'replay';

/** Every executor, for "Check Executors": with what is wrong, and what to do. */
export function checkedItems(views: readonly ExecutorView[]): readonly ExecutorItem[] {
  return views.map(itemOf);
}

/** What is known before anything was looked at. */
export function firstChoices(): readonly ExecutorItem[] {
  return [auto(vscode.l10n.t('the first that is ready')), command()];
}

/** For a task: the first that is ready, those that are, a command of the user's, and below them those that are not. */
export function choices(views: readonly ExecutorView[]): readonly ExecutorItem[] {
  const others = views.filter(({ name }) => name !== COMMAND && name !== REPLAY);
  const ready = others.filter(({ state }) => state === 'ready');
  const first = ready.find(({ place, heldUntil }) => place !== undefined && heldUntil === undefined);
  const told =
    first === undefined ? vscode.l10n.t('none is ready') : vscode.l10n.t('the first that is ready: {0}', first.name);
  const not = others.filter(({ state }) => state !== 'ready');
  return [auto(told), ...ready.map(itemOf), command(), ...not.map(itemOf)];
}

/** All that a repository's relay knows; nothing where it cannot be asked. */
export async function executorsOf({ relay }: Repository, anew: boolean): Promise<readonly ExecutorView[]> {
  const found = await relay.executors({ anew });
  return found.ok ? found.value.executors : [];
}

/** With the one that was taken before in focus, also where it is not known yet. */
export function withPicked(items: readonly ExecutorItem[], executor: string): readonly ExecutorItem[] {
  const all = items.some(({ value }) => value === executor) ? items : [...items, { label: executor, value: executor }];
  return all.map((item) => ({ ...item, picked: item.value === executor }));
}

function auto(description: string): ExecutorItem {
  return { label: AUTO, value: AUTO, description, iconPath: new vscode.ThemeIcon('wand') };
}

function command(): ExecutorItem {
  const description = vscode.l10n.t('a shell command of your own');
  return { label: COMMAND, value: COMMAND, description, iconPath: new vscode.ThemeIcon('terminal') };
}

function itemOf({ name, state, version, message, heldUntil, heldBecause }: ExecutorView): ExecutorItem {
  const held = heldUntil === undefined ? [] : [heldLabel({ until: heldUntil, because: heldBecause ?? '' })];
  const detail = [...(message === undefined ? [] : [message]), ...held].join(' ');
  return {
    label: name,
    value: name,
    description: [stateWord(state), ...(version === undefined ? [] : [version])].join(' · '),
    iconPath: new vscode.ThemeIcon(state !== 'ready' ? 'circle-slash' : held.length > 0 ? 'watch' : 'pass'),
    ...(detail === '' ? {} : { detail }),
  };
}

function stateWord(state: ExecutorView['state']): string {
  switch (state) {
    case 'ready':
      return vscode.l10n.t('ready');
    case 'notInstalled':
      return vscode.l10n.t('not installed');
    case 'notSignedIn':
      return vscode.l10n.t('not signed in');
    case 'tooOld':
      return vscode.l10n.t('too old');
    case 'broken':
      return vscode.l10n.t('broken');
  }
}
