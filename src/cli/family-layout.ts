import type { FamilyMember } from '../formats/lineage.js';

/**
 * A family in generations, for drawing: the model stands in the last row, and everything in a row above all that was made
 * of it. What several descend from is there once (Sugiyama et al. 1981, in small).
 */

export interface PlacedMember {
  readonly member: FamilyMember;
  /** 0: the model itself; otherwise the most steps down to it. */
  readonly generation: number;
  /** Its middle, in slots from the left. */
  readonly x: number;
}

/** A line from an ancestor down to what was made of it. */
export interface Descent {
  /** What the ancestor gave. */
  readonly role: string;
  readonly from: PlacedMember;
  readonly to: PlacedMember;
  /** Where it passes through the rows between, from above. */
  readonly through: readonly { readonly generation: number; readonly x: number }[];
  /** Which of the lines that leave the ancestor, and that arrive at the other, from the left: 0 to 1. */
  readonly leaves: number;
  readonly arrives: number;
}

export interface FamilyLayout {
  readonly members: readonly PlacedMember[];
  readonly lines: readonly Descent[];
  readonly generations: number;
  /** Slots of the widest row. */
  readonly width: number;
}

/** A place in a row: of a member, or where a line passes between members. */
interface Slot {
  readonly key: string;
  readonly size: number;
  /** Places below, and above, that it is tied to. */
  readonly below: Slot[];
  readonly above: Slot[];
  x: number;
}

/** How much of a member's slot a line takes that only passes. */
const passing = 0.2;
const sweeps = 6;

/** A model is its weights. What was made of the same data in another way has the same hash and another name. */
const keyOf = ({ id, role, name, path }: FamilyMember): string =>
  id !== undefined && role !== 'data' ? id : `${role} ${name} ${id ?? path ?? ''}`;

/** Every member once, with the one that tells the most of itself, and its generation. */
function membersOf(root: FamilyMember): Map<string, { member: FamilyMember; generation: number }> {
  const found = new Map<string, { member: FamilyMember; generation: number }>();
  const visit = (member: FamilyMember, generation: number): void => {
    const key = keyOf(member);
    const known = found.get(key);
    const told = known && (known.member.stage !== undefined || member.stage === undefined) ? known.member : member;
    if (known !== undefined && known.generation >= generation && told === known.member) return;
    found.set(key, { member: told, generation: Math.max(generation, known?.generation ?? 0) });
    for (const ancestor of told.ancestors) visit(ancestor, generation + 1);
  };
  visit(root, 0);
  return found;
}

/** Places a family in rows, with few crossings of its lines. */
export function familyLayout(root: FamilyMember): FamilyLayout {
  const found = membersOf(root);
  const rows: Slot[][] = [];
  const addTo = (generation: number, key: string, size: number): Slot => {
    const slot = { key, size, below: [], above: [], x: 0 };
    (rows[generation] ??= []).push(slot);
    return slot;
  };
  const slots = new Map([...found].map(([key, { generation }]) => [key, addTo(generation, key, 1)]));
  // Each pair is one line, whatever the ancestor gave in several roles.
  const lines = [...found].flatMap(([key, { member }]) => {
    const roles = new Map<string, string[]>();
    for (const ancestor of member.ancestors)
      roles.set(keyOf(ancestor), [...(roles.get(keyOf(ancestor)) ?? []), ancestor.role]);
    return [...roles].map(([above, given]) => ({ above, below: key, role: [...new Set(given)].join(', ') }));
  });
  const chains = lines.map(({ above, below }) => {
    const [top, bottom] = [found.get(above)!.generation, found.get(below)!.generation];
    const between = Array.from({ length: top - bottom - 1 }, (_, index) => {
      const generation = top - 1 - index;
      return { generation, slot: addTo(generation, `${above} > ${below}`, passing) };
    });
    const whole = [slots.get(above)!, ...between.map(({ slot }) => slot), slots.get(below)!];
    for (let index = 1; index < whole.length; index++) {
      whole[index - 1]!.below.push(whole[index]!);
      whole[index]!.above.push(whole[index - 1]!);
    }
    return between;
  });
  const width = arrange(rows);
  const placed = new Map(
    [...found].map(([key, { member, generation }]) => [key, { member, generation, x: slots.get(key)!.x }]),
  );
  /** Where among its neighbours in one direction a slot's line comes, from the left. */
  const share = (slot: Slot, towards: 'above' | 'below', neighbour: Slot): number => {
    const order = [...slot[towards]].sort((a, b) => a.x - b.x);
    return (order.indexOf(neighbour) + 1) / (order.length + 1);
  };
  return {
    members: [...placed.values()],
    generations: rows.length,
    width,
    lines: lines.map(({ above, below, role }, index) => {
      const between = chains[index]!;
      const [top, bottom] = [slots.get(above)!, slots.get(below)!];
      return {
        role,
        from: placed.get(above)!,
        to: placed.get(below)!,
        through: between.map(({ generation, slot }) => ({ generation, x: slot.x })),
        leaves: share(top, 'below', between[0]?.slot ?? bottom),
        arrives: share(bottom, 'above', between.at(-1)?.slot ?? top),
      };
    }),
  };
}

/** Orders each row by where its neighbours stand, and centres the rows. Returns the width of the widest. */
function arrange(rows: readonly Slot[][]): number {
  const sizeOf = (row: readonly Slot[]): number => row.reduce((sum, { size }) => sum + size, 0);
  const width = Math.max(...rows.map(sizeOf));
  const place = (row: readonly Slot[]): void => {
    let x = (width - sizeOf(row)) / 2;
    for (const slot of row) {
      slot.x = x + slot.size / 2;
      x += slot.size;
    }
  };
  const order = (row: Slot[], towards: 'above' | 'below'): void => {
    const wanted = new Map(
      row.map((slot) => {
        const near = slot[towards];
        return [slot, near.length === 0 ? slot.x : near.reduce((sum, { x }) => sum + x, 0) / near.length];
      }),
    );
    row.sort((a, b) => wanted.get(a)! - wanted.get(b)!);
    place(row);
  };
  rows.forEach(place);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const row of rows) order(row, 'below');
    if (sweep < sweeps - 1) for (const row of [...rows].reverse()) order(row, 'above');
  }
  return width;
}
