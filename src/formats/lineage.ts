import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';

/** Where a model comes from: what it was made of, by which stage, and from which parents. */
const ancestorSchema = z.object({
  /** What it gave: 'parent' (weights), 'tokenizer', 'reward model', 'reference', 'data'. */
  role: z.string(),
  name: z.string(),
  /** Of a model: its id. Of data: a hash of what was read. */
  id: z.string().optional(),
  /** Where it lay then. */
  path: z.string().optional(),
  /** Of data: how much, in words. */
  size: z.string().optional(),
});

const lineageSchema = z.object({
  id: z.string(),
  name: z.string(),
  stage: z.string(),
  createdAt: z.string(),
  ancestors: z.array(ancestorSchema),
  settings: z.record(z.string(), z.unknown()),
  results: z.record(z.string(), z.unknown()),
});

export type Ancestor = z.infer<typeof ancestorSchema>;
export type Lineage = z.infer<typeof lineageSchema>;

export const LINEAGE_FILE = 'lineage.json';

/** A model's identity: a hash of its weights, so that a copy is the same model wherever it lies. */
export function modelId(values: Readonly<Record<string, Float32Array>>): string {
  const hash = createHash('sha256');
  for (const path of Object.keys(values).sort()) {
    const { buffer, byteOffset, byteLength } = values[path]!;
    hash.update(path).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

/** @throws FormatError when the folder has no lineage or a damaged one */
export async function readLineage(folder: string): Promise<Lineage> {
  const path = join(folder, LINEAGE_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FormatError(`${folder} has no ${LINEAGE_FILE}`, {
      cause,
      advice: 'Only models made here know their ancestors.',
    });
  });
  try {
    return lineageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FormatError(`${path} is not a lineage`, {
      cause,
      advice: 'It was edited or cut short; restore it from a copy.',
    });
  }
}

/** A model or a data set in a family. */
export interface FamilyMember extends Ancestor {
  /** Of a model whose folder is still there: how and when it was made, with which results. */
  readonly stage?: string;
  readonly createdAt?: string;
  readonly results?: Readonly<Record<string, unknown>>;
  readonly ancestors: readonly FamilyMember[];
}

/** A model with its ancestors; those whose folder is still there are followed. */
export async function readFamily(folder: string): Promise<FamilyMember> {
  return member(await readLineage(folder), { role: 'model', name: '', path: folder }, folder);
}

async function member(lineage: Lineage, as: Ancestor, folder: string): Promise<FamilyMember> {
  const ancestors: FamilyMember[] = [];
  for (const ancestor of lineage.ancestors) {
    const known = await followed(ancestor, folder);
    ancestors.push(known ? await member(known.lineage, ancestor, known.folder) : { ...ancestor, ancestors: [] });
  }
  const { id, name, stage, createdAt, results } = lineage;
  return { ...as, id, name, stage, createdAt, results, ancestors };
}

/** A family tree, drawn with lines. */
export async function familyTree(folder: string): Promise<string> {
  const root = await readFamily(folder);
  const lines = [title(root)];
  drawBranches(root, '', lines, new Set([root.id]));
  return lines.join('\n');
}

const title = ({ name, stage, size, id, createdAt }: FamilyMember): string =>
  [name, stage, size, id, createdAt?.slice(0, 16).replace('T', ' ')].filter((part) => part !== undefined).join(' · ');

function drawBranches(node: FamilyMember, indent: string, lines: string[], seen: Set<string | undefined>): void {
  for (const [index, ancestor] of node.ancestors.entries()) {
    const isLast = index === node.ancestors.length - 1;
    const isRepeated = ancestor.stage !== undefined && seen.has(ancestor.id);
    lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${ancestor.role}: ${title(ancestor)}${isRepeated ? ' (above)' : ''}`);
    if (isRepeated) continue;
    seen.add(ancestor.id);
    drawBranches(ancestor, indent + (isLast ? '   ' : '│  '), lines, seen);
  }
}

/** The ancestor's own lineage, where its folder is still the model it was. */
async function followed(ancestor: Ancestor, from: string): Promise<{ lineage: Lineage; folder: string } | undefined> {
  if (ancestor.path === undefined) return undefined;
  const folder = resolve(from, ancestor.path);
  try {
    const lineage = await readLineage(folder);
    return lineage.id === ancestor.id ? { lineage, folder } : undefined;
  } catch {
    return undefined;
  }
}
