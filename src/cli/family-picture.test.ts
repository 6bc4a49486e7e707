import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FamilyMember } from '../formats/lineage.js';
import { familyLayout } from './family-layout.js';
import { familyPicture } from './family-picture.js';

const data = (name: string): FamilyMember => ({ role: 'data', id: `#${name}`, name, size: '12 kB', ancestors: [] });
const model = (name: string, ancestors: FamilyMember[], role = 'parent'): FamilyMember => ({
  ...{ role, id: `#${name}`, name, stage: 'supervised fine-tuning', createdAt: '2026-01-02T03:04:05Z', ancestors },
  results: { steps: 10, seconds: 1, validationLoss: 1.25, heldOutAccuracy: 0.5 },
});

const text = data('text');
const pretrained = model('pretrained', [text]);
const eye = model('mae', [data('mnist')], 'eye');
// The hash is that of the images.
const questions: FamilyMember = { ...data('questions about my_digits <0 & 1>'), id: data('mnist').id };
const aligned = model('see', [pretrained, eye, questions]);
const seeing = model('seeing', [aligned, { ...pretrained, role: 'reference' }, text]);

/** Families in which later members descend from some of the earlier ones. */
const families = fc
  .array(fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 })
  .map((choices) => {
    const members: FamilyMember[] = [data('first')];
    for (const [index, picks] of choices.entries())
      members.push(model(`model ${index}`, [...new Set(picks.map((pick) => members[pick % members.length]!))]));
    return members.at(-1)!;
  });

describe('the layout of a family', () => {
  it('has everybody once, below all that they descend from, and nobody on top of another', () => {
    fc.assert(
      fc.property(families, (root) => {
        const { members, lines, generations, width } = familyLayout(root);
        expect(new Set(members.map(({ member }) => member.id)).size).toBe(members.length);
        for (const { from, to, through } of lines) {
          expect(from.generation).toBeGreaterThan(to.generation);
          expect(through.map(({ generation }) => generation)).toEqual(
            Array.from({ length: from.generation - to.generation - 1 }, (_, index) => from.generation - 1 - index),
          );
        }
        for (const { member } of members) {
          const parents = new Set(member.ancestors.map(({ id }) => id));
          const drawn = lines.filter(({ to }) => to.member.id === member.id).map(({ from }) => from.member.id);
          expect(new Set(drawn)).toEqual(parents);
        }
        for (let row = 0; row < generations; row++) {
          const places = members
            .filter(({ generation }) => generation === row)
            .map(({ x }) => x)
            .sort((a, b) => a - b);
          expect(places.length).toBeGreaterThan(0);
          places.forEach((x, index) => {
            expect(x).toBeGreaterThanOrEqual(0.5 - 1e-9);
            expect(x).toBeLessThanOrEqual(width - 0.5 + 1e-9);
            if (index > 0) expect(x - places[index - 1]!).toBeGreaterThanOrEqual(1 - 1e-9);
          });
        }
      }),
    );
  });

  it('puts the model last and the oldest first', () => {
    const { members, generations } = familyLayout(seeing);
    const rowOf = (id: string): number => members.find(({ member }) => member.name === id)!.generation;
    expect(generations).toBe(4);
    expect(['seeing', 'see', 'pretrained', 'mae', 'text', 'mnist'].map(rowOf)).toEqual([0, 1, 2, 2, 3, 3]);
  });
});

describe('the picture of a family', () => {
  it('names everybody, what they gave and what they reached, once each', () => {
    const svg = familyPicture(seeing);
    const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, inside]) => inside!);
    for (const name of ['seeing', 'see', 'pretrained', 'mae', 'mnist', 'text'])
      expect(words.filter((word) => word === name)).toHaveLength(1);
    expect(words).toContain('questions about my_digit…');
    expect(words).toContain('validationLoss 1.25');
    expect(words.filter((word) => ['parent', 'reference', 'eye', 'data'].includes(word))).toHaveLength(8);
    // Balanced, so that it is XML.
    expect([...svg.matchAll(/<(text|svg|style|defs|marker)\b/g)]).toHaveLength(
      [...svg.matchAll(/<\/(text|svg|style|defs|marker)>/g)].length,
    );
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('is for light and dark pages', () => {
    const svg = familyPicture(seeing);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('var(--paper, #ffffff)');
  });

  it('stays as wide as its widest row however long the line of descent is', () => {
    const sizeOf = (root: FamilyMember): number[] =>
      familyPicture(root)
        .match(/viewBox="0 0 (\d+) (\d+)"/)!
        .slice(1)
        .map(Number);
    let last = model('model 0', [text]);
    for (let index = 1; index < 20; index++) last = model(`model ${index}`, [last]);
    const [[width, height], [, short]] = [sizeOf(last), sizeOf(pretrained)];
    expect(width).toBeLessThan(300);
    expect(height! / 21).toBeCloseTo(short! / 2, -2);
  });
});
