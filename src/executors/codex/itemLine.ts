import { relative, isAbsolute } from 'node:path';
import { never } from '../../base/result.ts';
import type { Item } from './events.ts';

const LONGEST = 400;

/** What an item that is over comes to, as a line for a person; `tookMs` where its start was seen. */
export function itemLine(item: Item, directory: string, tookMs: number | undefined): string {
  switch (item.type) {
    case 'command_execution': {
      const code = item.exit_code ?? undefined;
      const end = code === undefined ? item.status : `exit ${String(code)}`;
      return `run: ${short(withoutShell(item.command))} → ${end}${took(tookMs)}`;
    }
    case 'file_change': {
      const changes = item.changes.map(({ path, kind }) => `${inside(directory, path)} (${kind})`).join(', ');
      return `edit: ${short(changes)}${item.status === 'completed' ? '' : ` → ${item.status}`}`;
    }
    case 'agent_message':
      return `says: ${short(item.text)}`;
    case 'reasoning':
      return `thinks: ${short(item.text)}`;
    case 'mcp_tool_call':
      return `tool: ${item.server} ${item.tool} → ${item.status}${took(tookMs)}`;
    case 'web_search':
      return `search: ${short(item.query)}`;
    case 'todo_list':
      return `plan: ${short(item.items.map(({ text, completed }) => `[${completed ? 'x' : ' '}] ${text}`).join(' '))}`;
    case 'error':
      return `warns: ${short(item.message)}`;
    default:
      return never(item);
  }
}

/** One line, with its start and so much of the rest as a log needs; the raw stream has all of it. */
export function short(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}

/** Codex tells of `/bin/bash -lc '…'`, quoted as a shell wants it. */
function withoutShell(command: string): string {
  const script = /^\S*sh -l?c (.+)$/s.exec(command)?.[1] ?? command;
  const quoted = /^'(.*)'$/s.exec(script)?.[1] ?? /^"(.*)"$/s.exec(script)?.[1];
  return quoted?.replaceAll(`'\\''`, `'`) ?? script;
}

function inside(directory: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const below = relative(directory, path);
  return below.startsWith('..') ? path : below;
}

function took(ms: number | undefined): string {
  return ms === undefined ? '' : ` (${(ms / 1000).toFixed(1)} s)`;
}
