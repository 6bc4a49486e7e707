import { type Choice, type Split, splitOf } from './choice.js';

/** What people say beside their questions, each with its reply. */
export type SmallTalk = 'hello' | 'thanks' | 'goodbye' | 'identity' | 'ability' | 'feeling' | 'praise';

export const smallTalkReplies: Readonly<Record<SmallTalk, string>> = {
  hello: 'Hello! What would you like to know?',
  thanks: 'You are welcome!',
  goodbye: 'Goodbye!',
  identity: 'I am a small almanac. I answer short questions about facts.',
  ability: 'I know countries, elements, status codes, sums and plurals.',
  feeling: 'I am fine, thank you.',
  praise: 'I am glad to help.',
};

const endings = [
  '',
  '.',
  '!',
  ' there',
  ' there!',
  ' almanac',
  ' almanac!',
  ' my friend',
  ' my friend!',
  ' again',
  ' :)',
];
const helloWords =
  'Hello|Hi|Hey|Good morning|Good evening|Good afternoon|Good day|Greetings|Hi hi|Hello hello|Howdy|Hiya';

/** The halves that are crossed: the crossings, not the halves, are held out. */
const halves: Readonly<Record<SmallTalk, readonly [readonly string[], readonly string[]]>> = {
  hello: [helloWords.split('|'), endings],
  thanks: [
    'Thanks|Thank you|Thank you very much|Thanks a lot|Many thanks|OK, thanks|Great, thanks|Thank you so much|Cool, thanks'.split(
      '|',
    ),
    ['', '.', '!', ' almanac', ' almanac!', ' my friend', ' for that', ' for your help', ' for the answer', ' :)'],
  ],
  goodbye: [
    'Bye|Goodbye|Bye bye|See you|See you later|Good night|Have a nice day|That is all, bye|Farewell'.split('|'),
    ['', '.', '!', ' almanac', ' almanac!', ' my friend', ' then', ' :)'],
  ],
  identity: [
    ['', 'Hello, ', 'Hi, ', 'Hi! ', 'So ', 'And ', 'Tell me, ', 'Wait, ', 'OK, ', 'Please tell me: '],
    'who are you?|what are you?|are you a robot?|what is your name?|are you a person?|who am I talking to?|are you human?|who is this?'.split(
      '|',
    ),
  ],
  ability: [
    ['', 'Hello, ', 'Hi, ', 'Hi! ', 'So ', 'And ', 'Tell me, ', 'Wait, ', 'OK, ', 'Please tell me: '],
    'what can you do?|what do you know?|what can I ask you?|how can you help me?|what can you tell me?|what do you know about?|can you help me?'.split(
      '|',
    ),
  ],
  feeling: [
    ['', 'Hello, ', 'Hi, ', 'Hi! ', 'Hey, ', 'So ', 'And ', 'Good morning, '],
    "how are you?|how are you today?|how are you doing?|how's it going?|are you well?|how do you do?|are you OK?".split(
      '|',
    ),
  ],
  praise: [
    'Great|Nice|Good answer|Very good|Well done|Perfect|Cool|Wonderful|That is right|Correct|I like that|OK'.split('|'),
    ['', '.', '!', ' almanac', ' my friend', ', good', ', nice', ' :)'],
  ],
};

const kinds = Object.keys(halves) as SmallTalk[];

/** Without capitals and punctuation: what differs in those alone is in one split. */
const bare = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z ]/g, '')
    .trim();

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const utterances = new Map(
  kinds.map((kind) => {
    const splits: Record<Split, string[]> = { training: [], development: [], evaluation: [] };
    const [first, second] = halves[kind];
    for (const start of first) {
      for (const end of second) splits[splitOf(`small talk/${bare(start + end)}`, 0.2)].push(upperFirst(start + end));
    }
    return [kind, splits];
  }),
);

/** Something of that kind to say; what the splits say is disjoint. */
export const smallTalk = (choice: Choice, kind: SmallTalk, split: Split): string =>
  choice.pick(utterances.get(kind)![split]);
