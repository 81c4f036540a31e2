import type { PanelAction, PanelMessage, PanelState } from '../src/protocol/panel.ts';
import { element } from './dom.ts';
import { rendered } from './markdown.ts';
import { registerToolkit } from './toolkit.ts';

interface Host {
  postMessage(
    message:
      | { readonly type: 'ready' }
      | { readonly type: 'parent' }
      | { readonly type: 'action'; readonly action: PanelAction }
      | { readonly type: 'answer'; readonly askId: string; readonly answer: string },
  ): void;
  setState(state: { readonly jobId: string }): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
registerToolkit();
host.setState({ jobId: document.body.dataset['job'] ?? '' });

window.addEventListener('message', (event: MessageEvent<PanelMessage>) => show(event.data.state));
host.postMessage({ type: 'ready' });

/** Which tab is open outlives an update. */
let openTab = 'overview';

function show(state: PanelState): void {
  const page = document.getElementById('page');
  if (page === null) return;
  const log = page.querySelector('.log');
  const followsLog = log === null || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  page.replaceChildren(heading(state), ...question(state), actions(state), tabs(state));
  const newLog = page.querySelector('.log');
  if (followsLog && newLog !== null) newLog.scrollTop = newLog.scrollHeight;
}

function heading({ job, live, parent, drift }: PanelState): HTMLElement {
  const state = job.reasonCode === undefined ? job.state : `${job.state} (${job.reasonCode})`;
  const line = element('p', { class: 'state' }, element('vscode-badge', { class: job.state.toLowerCase() }, state));
  if (live) line.append(element('vscode-progress-ring', { class: 'ring', 'aria-label': 'running' }));
  line.append(` ${job.executor} · attempt ${String(job.attempt)} · ${job.priority}`);
  const why = job.message === undefined ? [] : [element('p', { class: 'why', role: 'alert' }, job.message)];
  if (drift !== '') line.append(` · ${drift}`);
  return element('header', {}, element('h1', {}, job.title), line, ...from(parent), ...why);
}

/** A link to the job that it comes from. */
function from(parent: PanelState['parent']): readonly HTMLElement[] {
  if (parent === undefined) return [];
  const link = element('vscode-link', { href: '#', class: 'parent' }, parent.title);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    host.postMessage({ type: 'parent' });
  });
  return [element('p', {}, `${parent.relation} `, link)];
}

/** What the job asks, with a button a choice. */
function question({ job: { question: asked } }: PanelState): readonly HTMLElement[] {
  if (asked === undefined) return [];
  const { askId, text, choices } = asked;
  const buttons = choices.map((answer) => {
    const made = element('vscode-button', { appearance: 'secondary' }, answer);
    made.addEventListener('click', () => host.postMessage({ type: 'answer', askId, answer }));
    return made;
  });
  const row = buttons.length === 0 ? [] : [element('nav', { 'aria-label': 'Answers' }, ...buttons)];
  return [element('section', { class: 'asks', role: 'alert' }, element('pre', { class: 'question' }, text), ...row)];
}

function actions({ job }: PanelState): HTMLElement {
  const offered: [PanelAction, string, boolean][] = [
    ['reviewPatch', 'Review Patch', job.fileCount > 0],
    ['applyPatch', 'Apply Patch', isOpen(job)],
    ['applyChosen', 'Apply Chosen…', isOpen(job)],
    ['undoApply', 'Undo Apply', job.delivery === 'applied'],
    ['rebaseJob', 'Rebase Job', job.drift?.state === 'conflict'],
    ['followUp', 'Follow Up…', job.state === 'SUCCEEDED'],
    ['answerQuestion', 'Answer…', job.question?.choices.length === 0],
    ['cancelJob', 'Cancel Job', job.state === 'QUEUED' || job.state === 'RUNNING' || job.state === 'WAITING'],
    ['showLogs', 'Show Logs', true],
  ];
  const buttons = offered.filter(([, , fits]) => fits);
  return element(
    'nav',
    { 'aria-label': 'Actions' },
    ...buttons.map(([action, label], index) => button(action, label, index === 0 && action !== 'cancelJob')),
  );
}

/** Whether there is more of its patch to apply. */
function isOpen({ state, delivery, partial, branch, fileCount }: PanelState['job']): boolean {
  const isNowhere = delivery === 'none' || delivery === 'undone';
  return state === 'SUCCEEDED' && fileCount > 0 && (isNowhere || (partial === true && branch === undefined));
}

function delivered({ delivery = 'none', partial, branch, published }: PanelState['job']): string {
  const where = branch === undefined ? delivery : `${delivery}, on ${branch}`;
  const part = partial === true ? `${where}, in part` : where;
  return published === undefined ? part : `${part}, pushed to ${published.remote}`;
}

function button(action: PanelAction, label: string, isFirst: boolean): HTMLElement {
  const made = element('vscode-button', { appearance: isFirst ? 'primary' : 'secondary' }, label);
  made.addEventListener('click', () => host.postMessage({ type: 'action', action }));
  return made;
}

function tabs(state: PanelState): HTMLElement {
  const parts: [string, string, HTMLElement][] = [
    ['overview', 'Overview', overview(state)],
    ['out', 'out.md', outMarkdown(state)],
    [
      'log',
      'Log',
      element('pre', { class: 'log', tabindex: '0', 'aria-label': 'The end of the log' }, visible(state.log)),
    ],
  ];
  const panels = element('vscode-panels', { activeid: `tab-${openTab}`, 'aria-label': 'Job' });
  for (const [id, label] of parts) panels.append(element('vscode-panel-tab', { id: `tab-${id}` }, label));
  for (const [id, , content] of parts) panels.append(element('vscode-panel-view', { id: `view-${id}` }, content));
  panels.addEventListener(
    'change',
    () => (openTab = (panels.getAttribute('activeid') ?? 'tab-overview').slice('tab-'.length)),
  );
  return panels;
}

function overview(state: PanelState): HTMLElement {
  const { job } = state;
  const facts: [string, string][] = [
    ['Baseline', job.graft === undefined ? job.baseline : `${job.baseline}, made on ${job.graft.on}`],
    ['Created', time(job.createdAt)],
    ...(job.startedAt === undefined ? [] : [['Started', time(job.startedAt)] as [string, string]]),
    ...(job.finishedAt === undefined ? [] : [['Finished', time(job.finishedAt)] as [string, string]]),
    ...(job.durationMs === undefined ? [] : [['Took', `${(job.durationMs / 1000).toFixed(1)} s`] as [string, string]]),
    ...(state.usage === undefined ? [] : [['Usage', state.usage] as [string, string]]),
    ...(job.delivery === undefined ? [] : [['Delivery', delivered(job)] as [string, string]]),
    ['Job', job.jobId],
  ];
  const list = element(
    'dl',
    {},
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
  return element('section', {}, list, checks(job), files(state));
}

function checks(job: PanelState['job']): HTMLElement {
  if (job.checks.length === 0) return element('p', {}, 'No checks have run.');
  const rows = job.checks.map((check) =>
    element(
      'tr',
      {},
      element('td', {}, check.name),
      element(
        'td',
        { class: check.verdict },
        check.label === undefined ? check.verdict : `${check.verdict} · ${check.label}`,
      ),
      element('td', {}, check.detail?.split('\n')[0] ?? ''),
      element('td', { class: 'number' }, `${String(check.durationMs)} ms`),
    ),
  );
  const head = element(
    'tr',
    {},
    ...['Check', 'Verdict', 'Detail', 'Took'].map((name) => element('th', { scope: 'col' }, name)),
  );
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}

function files({ job, changes }: PanelState): HTMLElement {
  const more =
    job.fileCount > job.files.length
      ? [element('li', {}, `… and ${String(job.fileCount - job.files.length)} more`)]
      : [];
  const items = changes.map(({ name, label }) => element('li', {}, element('code', {}, name), ` ${label}`));
  return element(
    'section',
    {},
    element('h2', {}, `Changed files: ${String(job.fileCount - job.files.length + changes.length)}`),
    element('ul', {}, ...items, ...more),
  );
}

function outMarkdown({ outMarkdown: markdown }: PanelState): HTMLElement {
  const made = element('article', { class: 'markdown' });
  if (markdown === '') made.append('There is no out.md yet.');
  else made.innerHTML = rendered(markdown);
  return made;
}

/** Colour codes of terminals and marks that turn text around are shown as what they are. */
function visible(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function time(ms: number): string {
  return new Date(ms).toLocaleString();
}
