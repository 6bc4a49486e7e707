/** Puts "a" or "an" before words, as they are spoken. */
export const withArticle = (words: string): string =>
  `${/^[aeiou]/.test(words) && !words.startsWith('one') ? 'an' : 'a'} ${words}`;
