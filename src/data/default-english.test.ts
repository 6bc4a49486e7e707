import { describe, expect, it } from 'vitest';
import { defaultEnglish, untagBrown } from './default-english.js';
import { detokenise } from './detokenise.js';

describe('detokenise', () => {
  const cases: [string, string][] = [
    ["The jury said , `` no evidence '' .", 'The jury said, "no evidence."'],
    ["`` What pictures '' ? ? She swung around .", '"What pictures?" She swung around.'],
    ["the `` wrong '' ; and", 'the "wrong"; and'],
    ['Ivan Allen Jr. .', 'Ivan Allen Jr.'],
    ['He ( Smith ) left -- at 9:30 -- with $1,000 .', 'He (Smith) left—at 9:30—with $1,000.'],
    ["more ' pro ' letters than ' con '", "more 'pro' letters than 'con'"],
    ["`` the ' national list ' '' , he said", '"the \'national list,\'" he said'],
    ["`` but '' --", '"but—"'],
    ["`` Couldn't I just '' -- His voice trailed off", '"Couldn\'t I just—" His voice trailed off'],
    ["he wrote `` : We are all snobs '' .", 'he wrote: "We are all snobs."'],
    ["a board 3 - 6 feet by 1/4'' .", 'a board 3-6 feet by 1/4".'],
    ['He left ; ; she stayed ! !', 'He left; she stayed!'],
  ];
  for (const [tokens, text] of cases) {
    it(text, () => {
      expect(detokenise(tokens.split(' '))).toBe(text);
    });
  }
});

it('untagBrown drops tags and formulas, and sets headlines apart', () => {
  const tagged = `\n\n\tThe/at jury/nn said/vbd ,/, \`\`/\`\` no/at ''/'' ./.\nIt/pps left/vbd and/or/cc stayed/vbd ./.\n
Merger/nn-hl proposed/vbn-hl \nHowever/wrb ,/, Af/nn is/bez it/ppo ./.\nYes/rb ./.\n`;
  expect(untagBrown(tagged)).toBe('The jury said, "no." It left and/or stayed.\n\nMerger proposed\n\nYes.');
});

describe('defaultEnglish', () => {
  const documents = [...defaultEnglish()];

  it('is 500 texts of 15 genres and the 135 chapters of Moby-Dick with its extracts and epilogue', () => {
    expect(documents).toHaveLength(637);
    expect(new Set(documents.map(({ genre }) => genre)).size).toBe(16);
    const characters = documents.reduce((sum, { text }) => sum + text.length, 0);
    expect(characters).toBeGreaterThan(7_000_000);
    expect(documents[0]?.text.slice(0, 90)).toBe(
      "The Fulton County Grand Jury said Friday an investigation of Atlanta's recent primary elec",
    );
    expect(documents.some(({ text }) => text.includes('Call me Ishmael. Some years ago'))).toBe(true);
  });

  it('reads as print: no tags, no gap before a mark, no codes', () => {
    const brown = documents
      .filter(({ genre }) => genre !== 'moby-dick')
      .map(({ text }) => text)
      .join('\n');
    for (const flaw of [/\w\/(nn|vbd|at|in)\b/, /``|''/, /\*\*|[{}]/, / [,;?!]/, /\( /]) {
      expect(brown.match(flaw)?.[0]).toBeUndefined();
    }
  });

  it('can be asked for single genres', () => {
    expect([...defaultEnglish({ genres: ['humor'] })]).toHaveLength(9);
  });
});
