import { saveAs } from '../../lib/api.js';
import { type Column, messagesTo } from './state.js';
import { pathOf } from './tree.js';

/** The conversation that is shown, as a file. */

const messagesOf = (column: Column) => {
  const last = pathOf(column.root).at(-1);
  return last === undefined ? [] : messagesTo(column, last).map(({ role, content }) => ({ role, content }));
};

export function exportMarkdown(columns: readonly Column[]): void {
  const text = columns
    .map((column) =>
      [`# ${column.model}`, ...messagesOf(column).map(({ role, content }) => `**${role}**\n\n${content}`)].join('\n\n'),
    )
    .join('\n\n---\n\n');
  saveAs(new Blob([`${text}\n`], { type: 'text/markdown' }), 'chat.md');
}

export function exportJson(columns: readonly Column[]): void {
  const all = columns.map((column) => ({ model: column.model, messages: messagesOf(column) }));
  saveAs(new Blob([`${JSON.stringify(all, null, 2)}\n`], { type: 'application/json' }), 'chat.json');
}

/** As `descent sft` reads it: a dialogue a line. */
export function exportRows(columns: readonly Column[]): void {
  const rows = columns.map((column) => `${JSON.stringify({ messages: messagesOf(column) })}\n`);
  saveAs(new Blob(rows, { type: 'application/jsonl' }), 'chats.jsonl');
}
