import { continents, countries as source, languages } from 'countries-list';
import type { Entity, Fact } from './types.js';

/**
 * Dependent territories, and places without people or without a capital. They are left out of the almanac, which is
 * about countries; some of their names serve as places that it does not know.
 */
const territories = new Set(
  (
    'AC AI AQ AS AW AX BL BM BQ BV CC CK CW CX EH FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS NC NF ' +
    'NU PF PM PN PR RE SH SJ SX TA TC TF TK UM VG VI WF YT'
  ).split(' '),
);

/** Names as people use them, where the source has another. */
const names: Readonly<Record<string, string>> = {
  CD: 'DR Congo',
  CV: 'Cape Verde',
  TR: 'Turkey',
};

const withArticle = new Set('AE BS CF CG DO GB GM KM MH MV NL PH SB US'.split(' '));
/** Names in the plural, whose genitive is a bare apostrophe. */
const plurals = new Set('AE BS KM MH MV NL PH SB SC US VC'.split(' '));

const aliases: Readonly<Record<string, readonly string[]>> = {
  AE: ['the UAE', 'the Emirates'],
  BA: ['Bosnia'],
  CD: ['the Democratic Republic of the Congo'],
  CI: ["Cote d'Ivoire"],
  CV: ['Cabo Verde'],
  CZ: ['the Czech Republic'],
  GB: ['the UK', 'Britain', 'Great Britain'],
  KP: ["the Democratic People's Republic of Korea"],
  KR: ['the Republic of Korea'],
  MM: ['Burma'],
  NL: ['Holland'],
  SZ: ['Swaziland'],
  TL: ['Timor-Leste'],
  TR: ['Turkiye'],
  US: ['the USA', 'America', 'the US', 'the United States of America'],
  VA: ['the Vatican'],
};

/** First value: what is taught. The others count as right too. For capitals where the source names only one of several. */
const capitals: Readonly<Record<string, readonly string[]>> = {
  BO: ['Sucre', 'La Paz'],
  GD: ["Saint George's"],
  LK: ['Colombo', 'Sri Jayawardenepura Kotte', 'Kotte'],
  MN: ['Ulan Bator', 'Ulaanbaatar'],
  MY: ['Kuala Lumpur', 'Putrajaya'],
  SM: ['San Marino', 'City of San Marino'],
  SZ: ['Mbabane', 'Lobamba'],
  UA: ['Kyiv', 'Kiev'],
  US: ['Washington', 'Washington D.C.', 'Washington, D.C.', 'Washington DC'],
  ZA: ['Pretoria', 'Cape Town', 'Bloemfontein'],
};

/** Countries in two continents, or where the source's choice is unusual. */
const continentsOf: Readonly<Record<string, readonly string[]>> = {
  AM: ['Asia', 'Europe'],
  AZ: ['Asia', 'Europe'],
  CY: ['Europe', 'Asia'],
  EG: ['Africa', 'Asia'],
  GE: ['Asia', 'Europe'],
  KZ: ['Asia', 'Europe'],
  RU: ['Europe', 'Asia'],
  TL: ['Asia', 'Oceania'],
  TR: ['Asia', 'Europe'],
};

const languagesOf: Readonly<Record<string, readonly string[]>> = {
  HT: ['Haitian Creole', 'French'],
  IE: ['English', 'Irish'],
  KE: ['Swahili', 'English'],
  LU: ['Luxembourgish', 'French', 'German'],
  MG: ['Malagasy', 'French'],
  PG: ['English', 'Tok Pisin'],
  PK: ['Urdu', 'English'],
  PH: ['Filipino', 'Tagalog', 'English'],
  RW: ['Kinyarwanda', 'English', 'French'],
  ZA: ['Zulu', 'Afrikaans', 'English', 'Xhosa'],
};

/** The source's names of languages, as English has them. */
const languageNames: Readonly<Record<string, string>> = {
  Cambodian: 'Khmer',
  Divehi: 'Dhivehi',
  Haitian: 'Haitian Creole',
  Kirundi: 'Kirundi',
  Laotian: 'Lao',
  Peul: 'Fulah',
  Rwandi: 'Kinyarwanda',
  Somalia: 'Somali',
  'Southern Sotho': 'Sesotho',
  Tonga: 'Tongan',
};

/** Currencies whose long official name nobody uses. */
const currencyNames: Readonly<Record<string, string>> = {
  BAM: 'convertible mark',
  BOB: 'boliviano',
  GBP: 'pound sterling',
  GYD: 'Guyanese dollar',
  ILS: 'Israeli shekel',
  PGK: 'kina',
  STN: 'dobra',
  SZL: 'lilangeni',
  VUV: 'vatu',
  ZWG: 'Zimbabwean gold',
};

const callingCodes: Readonly<Record<string, readonly string[]>> = {
  VA: ['379', '39'],
  XK: ['383'],
};

/** Letters without their marks, straight apostrophes: what the tokenizer sees is what a user types. */
function plainText(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[ʻ’‘]/g, "'")
    .replace(/ł/g, 'l')
    .replace(/ & /g, ' and ');
}

const displayNames = new Intl.DisplayNames('en', { type: 'currency', fallback: 'none' });

/** "PEN" → "Peruvian sol". Nouns lose their capital letter, names keep it. */
function currencyName(code: string): string | undefined {
  const known = currencyNames[code];
  if (known !== undefined) return known;
  const name = displayNames.of(code);
  // Units of account and the like, and what this version of Node has no name for.
  if (name === undefined || name === code || /\(|Mvdol|WIR/.test(name)) return undefined;
  const words = plainText(name)
    .replace(/^St\. /, 'Saint ')
    .split(' ');
  // Alone ("Euro") or last ("Peruvian Sol"), the noun of the currency; "CFA Franc" keeps its abbreviation.
  const noun = words.pop()!.toLowerCase();
  return [...words, noun].join(' ');
}

function languageName(code: string): string {
  // "Tagalog / Filipino": the last of its names.
  const name = plainText(languages[code as keyof typeof languages].name).replace(/.* \/ /, '');
  return languageNames[name] ?? name;
}

function countryFacts(code: string): Fact[] {
  const country = source[code as keyof typeof source];
  const bare = names[code] ?? plainText(country.name);
  const name = withArticle.has(code) ? `the ${bare}` : bare;
  const entity: Entity = {
    topic: 'country',
    name,
    possessive: plurals.has(code) ? `${name}'` : `${name}'s`,
    aliases: aliases[code] ?? [],
  };
  const values: [Fact['attribute'], readonly (string | undefined)[]][] = [
    ['capital', capitals[code] ?? [plainText(country.capital)]],
    ['currency', country.currency.map(currencyName)],
    ['continent', continentsOf[code] ?? [continents[country.continent]]],
    ['language', languagesOf[code] ?? country.languages.map(languageName)],
    ['calling code', (callingCodes[code] ?? country.phone).map((number) => `+${number}`)],
  ];
  return values.flatMap(([attribute, all]) => {
    const [value, ...alternatives] = [...new Set(all.filter((each) => each !== undefined && each !== ''))] as string[];
    if (value === undefined) return [];
    return [{ key: `country/${bare}/${attribute}`, entity, attribute, value, alternatives }];
  });
}

const codes = Object.keys(source);

/** Capital, currency, continent, language and calling code of the world's countries. */
export const countryFactList: readonly Fact[] = codes.filter((code) => !territories.has(code)).flatMap(countryFacts);

/** Names of territories that the almanac leaves out. */
export const territoryNames: readonly string[] = codes
  .filter((code) => territories.has(code))
  .map((code) => plainText(source[code as keyof typeof source].name).replace(/ \(.*\)/, ''))
  .map((name) => (/Islands|Isle|Territor/.test(name) ? `the ${name}` : name));
