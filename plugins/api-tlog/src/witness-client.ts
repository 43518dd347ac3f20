import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ShiplogError } from '@shiplog/contracts';
import {
  formatAddCheckpoint,
  formatNote,
  type Hash,
  type Note,
  parseVerifierKey,
  parseWitnessedSize,
  readCosignatures,
  type Signature,
  type Verifier,
  verifierOf,
} from '@shiplog/tlog';

/** How long a witness may take, and how much it may say. */
const TIMEOUT_MS = 3000;
const MAX_ANSWER = 64 * 1024;

/** Where a witness takes checkpoints, and the key it cosigns with. */
export interface WitnessAddress {
  /** The submission prefix of C2SP tlog-witness; no slash at its end. */
  readonly url: string;
  readonly key: string;
}

/**
 * Reads `URL=VKEY`, several apart by spaces. Throws CONFIG_INVALID, naming the one that is wrong: a URL is http or https, a
 * key is that of a cosigner (type 4).
 */
export function parseWitnesses(text: string): readonly WitnessAddress[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const [, url = '', key = ''] = /^(https?:\/\/[^=]+)=(.+)$/.exec(word) ?? [];
      const wrong = (why: string): never => {
        throw new ShiplogError('CONFIG_INVALID', `a witness is URL=KEY, such as https://witness.example/log=witness.example+…: ${why}`, {
          witness: word,
        });
      };
      if (!URL.canParse(url)) return wrong(`"${word}" is not`);
      try {
        if (parseVerifierKey(key).kind !== 'cosignature') return wrong('the key signs notes, and a witness has one for cosignatures');
      } catch (error) {
        return wrong(error instanceof Error ? error.message : String(error));
      }
      return { url: url.replace(/\/+$/, ''), key };
    });
}

/** Asks one witness to cosign checkpoints. */
export class WitnessClient {
  readonly url: string;
  readonly verifier: Verifier;
  readonly #agent: HttpAgent;
  /** Size it cosigned last, as far as is known here; it says so itself if that is wrong. */
  #seen = 0;

  constructor({ url, key }: WitnessAddress) {
    this.url = url;
    this.verifier = verifierOf(parseVerifierKey(key));
    this.#agent = url.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /**
   * Its cosignatures of a checkpoint of `size` leaves; `prove` makes the proof that the tree of so many is its beginning. Throws
   * WITNESS_REFUSED: it cannot be reached, refused, answered nonsense, or has seen a larger tree of this log than `size`.
   */
  async cosign(note: Note, size: number, prove: (before: number) => Promise<readonly Hash[]>): Promise<readonly Signature[]> {
    try {
      return await this.#ask(note, size, prove);
    } catch (error) {
      if (error instanceof ShiplogError) throw error;
      throw this.#refused(error instanceof Error ? error.message : String(error), error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(note: Note, size: number, prove: (before: number) => Promise<readonly Hash[]>): Promise<readonly Signature[]> {
    // Twice: a witness that saw more, or less, than is known here says how much, and then it fits.
    for (let tries = 0; tries < 2; tries++) {
      const before = Math.min(this.#seen, size);
      const { status, body } = await this.#post(formatAddCheckpoint(before, await prove(before), formatNote(note)));
      if (status === 200) {
        this.#seen = size;
        return readCosignatures(body, note, this.verifier);
      }
      if (status !== 409) throw this.#refused(`it answered ${status}: ${body.trim().slice(0, 200)}`);
      this.#seen = parseWitnessedSize(body);
      if (this.#seen > size)
        throw this.#refused(`it has seen ${this.#seen} events of this log, and there are ${size}: the log was cut or is an older copy`);
      if (this.#seen === before) break;
    }
    throw this.#refused('it has seen another history of this log: the log was rewritten');
  }

  #post(body: string): Promise<{ readonly status: number; readonly body: string }> {
    const request = this.url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}/add-checkpoint`, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          answer += chunk;
          if (answer.length > MAX_ANSWER) response.destroy(new Error(`its answer is longer than ${MAX_ANSWER} characters`));
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
      });
      sent.end(body);
    });
  }

  #refused(reason: string, cause?: unknown): ShiplogError {
    return new ShiplogError(
      'WITNESS_REFUSED',
      `the witness ${this.verifier.name} did not cosign: ${reason}`,
      { witness: this.verifier.name, url: this.url },
      { cause },
    );
  }
}
