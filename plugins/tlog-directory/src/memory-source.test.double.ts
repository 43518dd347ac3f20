import { generateKeyPairSync } from 'node:crypto';
import {
  encodeBundle,
  entryHash,
  entryOf,
  formatCheckpoint,
  formatNote,
  Frontier,
  noteSigner,
  parseTilePath,
  signNote,
  TILE_WIDTH,
  TlogError,
  type Verifier,
  verifierKey,
  verifierOf,
} from '@shiplog/tlog';
import type { TlogSource } from './mirror.ts';

const ORIGIN = 'example.com/log';

/** A log whose data is given, signed by a key of its own. */
export class MemorySource implements TlogSource {
  readonly entries: Buffer[];
  readonly asked: string[] = [];
  /** Entries before this one are gone. */
  kept = 0;
  readonly verifier: Verifier;
  readonly #key;

  constructor(data: readonly Buffer[], key = generateKeyPairSync('ed25519').privateKey) {
    this.entries = [...data];
    this.#key = key;
    this.verifier = verifierOf(verifierKey('note', ORIGIN, key));
  }

  /** The same log with other data, signed by the same key: what a dishonest log would show. */
  fork(data: readonly Buffer[]): MemorySource {
    return new MemorySource(data, this.#key);
  }

  async checkpoint(): Promise<string> {
    const frontier = new Frontier();
    frontier.appendAll(this.entries.map((data) => entryHash(data)));
    const text = formatCheckpoint({ origin: ORIGIN, size: frontier.size, root: frontier.root() });
    return formatNote(signNote(text, [noteSigner(ORIGIN, this.#key)]));
  }

  async resource(path: string): Promise<Buffer> {
    this.asked.push(path);
    const { level, index, width } = parseTilePath(path);
    if (level !== 'entries') throw new TlogError('missing', 'a mirror needs no tiles of hashes');
    this.#refusePruned(index * TILE_WIDTH);
    return encodeBundle(this.entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width).map(entryOf));
  }

  async data(index: number): Promise<Buffer> {
    this.#refusePruned(index);
    return this.entries[index] ?? Buffer.alloc(0);
  }

  #refusePruned(index: number): void {
    if (index < this.kept) throw Object.assign(new Error(`${index} is gone`), { code: 'LOG_PRUNED' });
  }
}
