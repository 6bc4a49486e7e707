/** Names like a mistyped one, the most alike first; at most three. */
export function closest(name: string, known: Iterable<string>): string[] {
  const last = lastPart(name);
  return [...known]
    .map((candidate) => {
      // `--layers` should find `--model.layers`.
      const distance = Math.min(editDistance(name, candidate), editDistance(last, lastPart(candidate)) + 0.5);
      return { candidate, distance: name !== '' && candidate.startsWith(name) ? Math.min(distance, 1) : distance };
    })
    .filter(({ distance }) => distance <= Math.max(1, last.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** Insertions, deletions and substitutions from one text to the other (Levenshtein 1966), whatever the case. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
