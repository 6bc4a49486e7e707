import { elements as source } from 'chemical-elements';
import periodicTable from 'periodic-table';
import type { Entity, Fact } from './types.js';

const aliases: Readonly<Record<string, readonly string[]>> = {
  aluminium: ['aluminum'],
  caesium: ['cesium'],
  sulfur: ['sulphur'],
};

/** One name for each group; the source calls the metals after the transition metals "metal" or "post-transition metal". */
const groups: Readonly<Record<string, readonly string[]>> = {
  metal: ['post-transition metal', 'metal', 'poor metal'],
  'post-transition metal': ['post-transition metal', 'metal', 'poor metal'],
  lanthanoid: ['lanthanoid', 'lanthanide'],
  actinoid: ['actinoid', 'actinide'],
  nonmetal: ['nonmetal', 'non-metal'],
};

const groupBlocks = new Map(periodicTable.all().map((element) => [element.atomicNumber, element.groupBlock]));

/** Symbol, atomic number and group of the chemical elements. */
export const elementFactList: readonly Fact[] = source.flatMap((element) => {
  const name = element.name.toLowerCase();
  const entity: Entity = { topic: 'element', name, possessive: `${name}'s`, aliases: aliases[name] ?? [] };
  const block = groupBlocks.get(element.number) ?? '';
  // The last actinoid stands with the transition metals in the source; most tables have it with the actinoids.
  const group = element.name === 'Lawrencium' ? groups.actinoid : (groups[block] ?? [block]);
  const values: [Fact['attribute'], readonly string[]][] = [
    ['symbol', [element.symbol]],
    ['atomic number', [String(element.number)]],
    ['group', group ?? []],
  ];
  return values.flatMap(([attribute, [value, ...alternatives]]) =>
    value === undefined || value === ''
      ? []
      : [{ key: `element/${name}/${attribute}`, entity, attribute, value, alternatives }],
  );
});
