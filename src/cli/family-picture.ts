import type { FamilyMember } from '../formats/lineage.js';
import { significant } from './compare/chart.js';
import { definitions, drawing, text } from './compare/svg.js';
import { type Descent, type PlacedMember, familyLayout } from './family-layout.js';

/** A family tree as SVG that stands for itself, on light and dark pages: the oldest above, the model below. */

const [boxWidth, boxHeight, slotWidth, rowHeight, margin] = [212, 84, 236, 148, 24];
/** Letters that fit across a box. */
const letters = 30;

const shortened = (words: string, most = letters): string =>
  words.length <= most ? words : `${words.slice(0, most - 1)}…`;

/** How long it took and how much it saw is no figure of a model. */
const efforts = new Set(['steps', 'seconds', 'tokens', 'images', 'rankings']);

function figuresOf({ results = {} }: FamilyMember): string {
  const figures = Object.entries(results).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && !efforts.has(entry[0]),
  );
  const said = figures.map(([name, value]) => `${name} ${significant(value)}`);
  const two = said.slice(0, 2).join(' · ');
  return two.length <= letters ? two : (said[0] ?? '');
}

/** SVG text. */
export function familyPicture(root: FamilyMember): string {
  const { members, lines, generations, width: slots } = familyLayout(root);
  const width = 2 * margin + Math.max(1, slots) * slotWidth;
  const height = 2 * margin + (generations - 1) * rowHeight + boxHeight;
  const across = (x: number): number => margin + x * slotWidth;
  /** The middle of a generation's row. */
  const down = (generation: number): number => margin + (generations - 1 - generation) * rowHeight + boxHeight / 2;
  /** Where a line meets a box. */
  const meets = ({ x }: PlacedMember, share: number): number => across(x) + (share - 0.5) * boxWidth;

  const line = ({ role, from, to, through, leaves, arrives }: Descent): string => {
    const start = [meets(from, leaves), down(from.generation) + boxHeight / 2] as const;
    const stops = [
      ...through.flatMap(({ generation, x }) => [
        [across(x), down(generation) - boxHeight / 2] as const,
        [across(x), down(generation) + boxHeight / 2] as const,
      ]),
      [meets(to, arrives), down(to.generation) - boxHeight / 2] as const,
    ];
    let [x, y] = start;
    const path = stops.map(([nextX, nextY]) => {
      const middle = (y + nextY) / 2;
      const piece = x === nextX ? `L ${nextX} ${nextY}` : `C ${x} ${middle} ${nextX} ${middle} ${nextX} ${nextY}`;
      [x, y] = [nextX, nextY];
      return piece;
    });
    return (
      `<path class="arrow" d="M ${start[0]} ${start[1]} ${path.join(' ')}" marker-end="url(#head)"/>` +
      text(start[0] + 5, start[1] + 13, role, { anchor: 'start', size: 11, look: 'quiet', literal: true })
    );
  };
  const box = ({ member, generation, x }: PlacedMember): string => {
    const { name, stage, size, id, createdAt } = member;
    const kind = generation === 0 ? 'network' : stage === undefined ? 'noise' : 'value';
    const [left, top] = [across(x) - boxWidth / 2, down(generation) - boxHeight / 2];
    const written = [createdAt?.slice(0, 10), id].filter(Boolean).join(' · ');
    const lines = [stage ?? size ?? member.role, figuresOf(member), written].filter((words) => words !== '');
    return [
      `<rect class="${kind}" x="${left}" y="${top}" width="${boxWidth}" height="${boxHeight}" rx="6"/>`,
      text(across(x), top + 20, shortened(name, 25), { size: 13, weight: 'bold', literal: true }),
      ...lines.map((words, index) =>
        text(across(x), top + 39 + 16 * index, shortened(words), { size: 11.5, look: 'quiet', literal: true }),
      ),
    ].join('');
  };
  return drawing({
    width,
    height,
    label: 'Family tree',
    content: [definitions, ...lines.map(line), ...members.map(box)],
    dark: true,
  });
}
