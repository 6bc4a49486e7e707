import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';

/**
 * What people said, in SQLite. Nothing is ever changed but by adding to it: an undone judgement is marked so and stays.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS sets (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, guidelines TEXT NOT NULL, overlap INTEGER NOT NULL, heldOut REAL NOT NULL,
  createdAt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY AUTOINCREMENT, setId TEXT NOT NULL REFERENCES sets(id), kind TEXT NOT NULL,
  messages TEXT NOT NULL, answers TEXT NOT NULL, heldOut INTEGER NOT NULL, createdAt TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS itemsOfSet ON items(setId);
CREATE TABLE IF NOT EXISTS judgements (
  id INTEGER PRIMARY KEY AUTOINCREMENT, itemId INTEGER NOT NULL REFERENCES items(id), labeler TEXT NOT NULL,
  kind TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL, undoneAt TEXT);
CREATE INDEX IF NOT EXISTS judgementsOfItem ON judgements(itemId);
CREATE TABLE IF NOT EXISTS claims (
  itemId INTEGER NOT NULL REFERENCES items(id), labeler TEXT NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY (itemId, labeler));
CREATE TABLE IF NOT EXISTS votes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, labeler TEXT NOT NULL, messages TEXT NOT NULL, answers TEXT NOT NULL,
  winner TEXT NOT NULL, at TEXT NOT NULL);
`;

export type Connection = Database.Database;

/** Opens the file, or makes it. What was written survives a kill at any instant. */
export function openDatabase(path: string): Connection {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(TABLES);
  return database;
}
