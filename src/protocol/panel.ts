import * as z from 'zod';
import { JobId } from '../domain/ids.ts';
import type { JobView } from './jobView.ts';

/** All that a job page shows. */
export interface PanelState {
  readonly job: JobView;
  /** What it cost, on one line. */
  readonly usage?: string;
  /** How its patch stands while it is not applied; empty where it applies cleanly. */
  readonly drift: string;
  /** The job that it comes from: what it is to that one, and that one's title. */
  readonly parent?: { readonly relation: string; readonly title: string };
  /** Its changed files, a row each. */
  readonly changes: readonly { readonly name: string; readonly label: string }[];
  readonly outMarkdown: string;
  /** The end of the log. */
  readonly log: string;
  readonly live: boolean;
}

/** What the extension tells the page. */
export interface PanelMessage {
  readonly type: 'state';
  readonly state: PanelState;
}

/** What a button of the page does: a command of the extension on the page's job. */
const PanelAction = z.enum([
  'reviewPatch',
  'applyPatch',
  'applyChosen',
  'undoApply',
  'rebaseJob',
  'followUp',
  'answerQuestion',
  'cancelJob',
  'showLogs',
]);
export type PanelAction = z.infer<typeof PanelAction>;

/** What a page keeps over a reload of the window. */
export const PageState = z.object({ jobId: JobId });

/** What the page tells the extension. */
export const PageMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('parent') }),
  z.strictObject({ type: z.literal('action'), action: PanelAction }),
  z.strictObject({ type: z.literal('answer'), askId: z.string(), answer: z.string() }),
]);
