import { STATUS_CODES } from 'node:http';
import type { Fact, Topic } from './types.js';

const statuses = Object.entries(STATUS_CODES).map(([code, phrase]) => ({ code, phrase: phrase ?? '' }));

const about = (topic: Topic, name: string, attribute: Fact['attribute'], value: string): Fact => ({
  key: `${topic}/${name}/${attribute}`,
  entity: { topic, name, possessive: `${name}'s`, aliases: [] },
  attribute,
  value,
  alternatives: [],
});

/** What each HTTP status code means, and which code each phrase has. */
export const statusFactList: readonly Fact[] = statuses.flatMap(({ code, phrase }) => [
  about('code', code, 'meaning', phrase),
  about('phrase', phrase, 'code', code),
]);
