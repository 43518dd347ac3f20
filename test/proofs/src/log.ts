import { generateKeyPairSync } from 'node:crypto';
import {
  cosigner,
  entryHash,
  formatCheckpoint,
  formatNote,
  formatProof,
  formatVerifierKey,
  Frontier,
  type Hash,
  noteSigner,
  proveConsistency,
  proveInclusion,
  signNote,
  type TileReader,
  TileTree,
  type Trust,
  verifierKey,
  verifierOf,
} from '@shiplog/tlog';
import { GrowingLog } from './growing-log.ts';

const ORIGIN = 'example.com/log';

/** A log in memory whose entry `i` is the text of `i`, with keys of its own and one witness. */
export class MemoryLog {
  readonly size: number;
  /** Roots by size. */
  readonly roots: readonly Hash[];
  readonly vkey: string;
  readonly trust: Trust;
  readonly #events = new GrowingLog();
  readonly #log = generateKeyPairSync('ed25519');
  readonly #witness = generateKeyPairSync('ed25519');

  constructor(size: number) {
    this.size = size;
    const frontier = new Frontier();
    const roots = [frontier.root()];
    for (let index = 0; index < size; index++) {
      this.#events.append(this.entry(index));
      frontier.append(entryHash(this.entry(index)));
      roots.push(frontier.root());
    }
    this.roots = roots;
    const key = verifierKey('note', ORIGIN, this.#log.publicKey);
    this.vkey = formatVerifierKey(key);
    const witness = verifierKey('cosignature', 'witness.example', this.#witness.publicKey);
    this.trust = { log: [verifierOf(key)], witnesses: [verifierOf(witness)], origin: ORIGIN };
  }

  readonly tile: TileReader = (level, index) => this.#events.tree.tile(level, index);

  entry(index: number): Buffer {
    return Buffer.from(String(index));
  }

  /** Signed by the log and, if asked for, cosigned. */
  async checkpoint(size: number, cosigned = true): Promise<string> {
    const text = formatCheckpoint({ origin: ORIGIN, size, root: await new TileTree(size, this.tile).root() });
    const signer = noteSigner(ORIGIN, this.#log.privateKey);
    const witness = cosigner('witness.example', this.#witness.privateKey, () => 1_700_000_000);
    return formatNote(signNote(text, cosigned ? [signer, witness] : [signer]));
  }

  async inclusion(index: number, size: number): Promise<string> {
    const [proof, checkpoint] = await Promise.all([proveInclusion(index, size, this.tile), this.checkpoint(size)]);
    return formatProof({ kind: 'inclusion', data: this.entry(index), index, proof, checkpoint });
  }

  async consistency(before: number, size: number): Promise<string> {
    const [old, checkpoint] = await Promise.all([this.checkpoint(before, false), this.checkpoint(size)]);
    return formatProof({ kind: 'consistency', old, proof: await proveConsistency(before, size, this.tile), checkpoint });
  }
}
