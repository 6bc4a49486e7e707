/** Tasks whose examples are made, not read. What makes them is in ./index.ts. */
export const generatedNames = ['in-context', 'sums', 'almanac'] as const;
export type GeneratedName = (typeof generatedNames)[number];
