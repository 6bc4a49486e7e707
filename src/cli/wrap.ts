/** Columns for help: those of the terminal, but no more than one reads with ease. */
export const helpWidth = (): number => Math.min(process.stdout.columns || 100, 110);

/** Lines of at most `width` characters, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1]!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Wraps every paragraph anew, except those that are indented: examples keep their lines. */
export function reflow(text: string, width: number): string {
  return text
    .split('\n\n')
    .map((paragraph) => (paragraph.startsWith(' ') ? paragraph : wrap(paragraph, Math.max(30, width)).join('\n')))
    .join('\n\n');
}
