import { hash } from 'node:crypto';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { readIfThere, replaceDurably } from '@shiplog/driver-kit';
import {
  type Checkpoint,
  formatNote,
  type Note,
  openCheckpoint,
  TlogError,
  type VerifierKey,
  verifierOf,
  type WitnessedLog,
} from '@shiplog/tlog';

/** The logs a witness knows, each with the newest checkpoint it cosigned, in a file of its own: `<SHA-256 of the origin>`. */
export class WitnessedLogs {
  readonly #directory: string;
  readonly #logs = new Map<string, WitnessedLog>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads what was cosigned before. Throws CHECKPOINT_CONFLICT for a file that is no checkpoint of the log's key. */
  static async open(directory: string, keys: readonly VerifierKey[]): Promise<WitnessedLogs> {
    const logs = new WitnessedLogs(directory);
    for (const key of keys) {
      const verifiers = [verifierOf(key), ...(logs.find(key.name)?.verifiers ?? [])];
      logs.#logs.set(key.name, { verifiers, latest: undefined });
    }
    for (const [origin, { verifiers }] of logs.#logs) {
      const text = await readIfThere(logs.#path(origin));
      if (text !== undefined) logs.#logs.set(origin, { verifiers, latest: logs.#open(origin, text, verifiers) });
    }
    return logs;
  }

  /** By its origin, which is the name of its key. */
  find(origin: string): WitnessedLog | undefined {
    return this.#logs.get(origin);
  }

  /** Makes a checkpoint the newest of its log, durably. */
  async keep({ origin, size, root }: Checkpoint, note: Note): Promise<void> {
    const { verifiers = [] } = this.find(origin) ?? {};
    await replaceDurably(this.#path(origin), formatNote(note));
    this.#logs.set(origin, { verifiers, latest: { size, root } });
  }

  #path(origin: string): string {
    return join(this.#directory, hash('sha256', origin, 'hex'));
  }

  #open(origin: string, text: string, verifiers: WitnessedLog['verifiers']): Checkpoint {
    const path = this.#path(origin);
    try {
      return openCheckpoint(text, verifiers);
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      throw new ShiplogError('CHECKPOINT_CONFLICT', `${path} does not hold a checkpoint of ${origin}: ${error.message}`, { path, origin });
    }
  }
}
