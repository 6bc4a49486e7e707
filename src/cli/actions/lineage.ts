import { familyTree, readFamily } from '../../formats/lineage.js';
import type { Invocation } from '../command.js';
import { findModel } from '../session.js';

export async function lineageCommand({ positional, answer }: Invocation<unknown>): Promise<void> {
  const folder = findModel(positional[0]!);
  answer(await readFamily(folder), await familyTree(folder));
}
