import type { ShownToken } from '../../lib/completions.js';

/** A conversation as a tree: what was edited or answered again stays beside what replaced it. */

export interface Turn {
  readonly id: number;
  readonly role: 'user' | 'assistant';
  text: string;
  readonly images: readonly string[];
  /** What follows it, in all versions. */
  readonly children: Turn[];
  /** Which of them is shown. */
  shown: number;
  /** Of an answer. */
  made?: Made;
}

/** How an answer came to be. */
export interface Made {
  readonly model: string;
  readonly seed: number;
  readonly temperature: number;
  state: 'writing' | 'done' | 'failed';
  finish?: string;
  error?: string;
  tokens: ShownToken[];
  /** Of what was written. */
  tokensPerSecond?: number;
  thumb: -1 | 0 | 1;
}

let count = 0;

export const newTurn = (role: Turn['role'], text: string, more: Partial<Turn> = {}): Turn => ({
  id: ++count,
  role,
  text,
  images: [],
  children: [],
  shown: 0,
  ...more,
});

/** Turns from the beginning to the end that is shown; the root itself is none. */
export function pathOf(root: Turn): Turn[] {
  const path: Turn[] = [];
  for (let turn = root.children[root.shown]; turn !== undefined; turn = turn.children[turn.shown]) path.push(turn);
  return path;
}

/** Adds a version of what follows a turn, and shows it. */
export function addChild(parent: Turn, child: Turn): Turn {
  parent.children.push(child);
  parent.shown = parent.children.length - 1;
  return child;
}

export function parentOf(root: Turn, turn: Turn): Turn | undefined {
  for (const child of root.children) {
    if (child === turn) return root;
    const found = parentOf(child, turn);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** After a reload: numbers that no turn has, and answers that were being written are not any more. */
export function restore(root: Turn): Turn {
  const visit = (turn: Turn): void => {
    (turn as { id: number }).id = ++count;
    if (turn.made?.state === 'writing') turn.made.state = 'done';
    turn.children.forEach(visit);
  };
  visit(root);
  return root;
}
