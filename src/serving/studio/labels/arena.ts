import type { Message } from '../../../tokenizer/chat.js';
import type { Connection } from './database.js';
import { type PairVote, type Standing, standings } from './standings.js';
import type { CandidateAnswer } from './types.js';

/** Two answers to one dialogue, seen without their names, and which was better. */
export interface Vote {
  readonly labeler: string;
  readonly messages: readonly Message[];
  readonly answers: readonly [CandidateAnswer, CandidateAnswer];
  readonly winner: PairVote['winner'];
}

/** The votes of an arena. */
export class Arena {
  readonly #database: Connection;

  constructor(database: Connection) {
    this.#database = database;
  }

  vote({ labeler, messages, answers, winner }: Vote): Standing[] {
    this.#database
      .prepare('INSERT INTO votes (labeler, messages, answers, winner, at) VALUES (?, ?, ?, ?, ?)')
      .run(labeler, JSON.stringify(messages), JSON.stringify(answers), winner, new Date().toISOString());
    return this.standings();
  }

  standings(): Standing[] {
    const rows = this.#database.prepare('SELECT answers, winner FROM votes ORDER BY id').all() as {
      answers: string;
      winner: Vote['winner'];
    }[];
    return standings(
      rows.map(({ answers, winner }) => {
        const [{ model: first }, { model: second }] = JSON.parse(answers) as Vote['answers'];
        return { first, second, winner };
      }),
    );
  }
}
