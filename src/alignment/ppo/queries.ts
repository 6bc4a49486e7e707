/**
 * Cuts a stretch of running text down to whole sentences, for prompts drawn from plain text: it begins after the first
 * period and ends with the last one (lm-human-preferences draws its book queries so).
 *
 * @param periodTokens tokens that end a sentence
 * @returns undefined when there is no whole sentence within
 */
export function sentencesWithin(ids: Int32Array, periodTokens: ReadonlySet<number>): Int32Array | undefined {
  const first = ids.findIndex((id) => periodTokens.has(id));
  const last = ids.findLastIndex((id) => periodTokens.has(id));
  return first < 0 || last <= first ? undefined : ids.slice(first + 1, last + 1);
}
