import { ShiplogError } from '@shiplog/contracts';
import { type Logger, readIfThere, replaceDurably } from '@shiplog/driver-kit';
import {
  formatCheckpoint,
  formatNote,
  type Hash,
  hashOf,
  type Note,
  openCheckpoint,
  proveConsistency,
  type Signer,
  signNote,
  type Signature,
  type TileReader,
  TlogError,
  type Verifier,
} from '@shiplog/tlog';
import type { ProvableLog } from './provable-log.ts';
import type { WitnessClient } from './witness-client.ts';

/** How often the publisher looks whether the log has grown. */
const LOOK_MS = 1000;

export interface PublisherParts {
  /** Whose log it is: the first line of every checkpoint, and the name of its key. */
  readonly origin: string;
  readonly log: ProvableLog;
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** Where the newest checkpoint is kept. */
  readonly path: string;
  readonly witnesses: readonly WitnessClient[];
  readonly logger: Logger;
  /** A checkpoint is due after so many events, and after so long if there were any. */
  readonly everyEvents: number;
  readonly everyMs: number;
}

interface Published {
  readonly size: number;
  readonly note: Note;
  readonly cosigned: boolean;
}

/**
 * Signs the tree's head: when it is due, when it is asked for, and at the end. A checkpoint is kept on disk before anybody sees it.
 * Nothing is signed that contradicts the one before: if the log does not begin with what was signed, every method throws
 * CHECKPOINT_CONFLICT until an operator has found out why.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  #latest: Promise<Published | undefined>;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Witnesses that did not cosign last time: told once, not every minute. */
  readonly #silent = new Set<string>();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#latest = this.#load();
    // Told by whoever asks first; the log goes on without checkpoints.
    this.#latest.catch((error: unknown) => parts.logger.error('no checkpoints can be signed', { reason: String(error) }));
  }

  /** Begins to publish by itself. */
  start(): void {
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** A checkpoint over at least the first `size` events: the newest, or a new one over all there are. */
  async covering(size: number): Promise<string> {
    this.#refuseFuture(size);
    const latest = await this.#latest;
    if (latest !== undefined && latest.size >= size) return formatNote(latest.note);
    return formatNote((await this.publish()).note);
  }

  /** A checkpoint over exactly the first `size` events. One that was not published is signed anew, without cosignatures. */
  async at(size: number): Promise<string> {
    this.#refuseFuture(size);
    const latest = await this.#latest;
    if (latest?.size === size) return formatNote(latest.note);
    // One over more is kept first: what was shown binds the log at its next start, too.
    if (size > (latest?.size ?? 0)) await this.publish();
    return formatNote(await this.#sign(size));
  }

  /** Signs the head as it is now, asks the witnesses, keeps it. Does nothing if all that was done already. */
  publish(): Promise<Published> {
    const before = this.#latest;
    const published = before.then((latest) => this.#publish(latest));
    // What failed now may succeed next time: only a conflict with what was signed stays.
    this.#latest = published.catch(() => before);
    // Told to whoever asks, and to nobody twice.
    this.#latest.catch(() => undefined);
    return published;
  }

  /** A last checkpoint, and no more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.publish().catch((error: unknown) => this.#parts.logger.warn('no checkpoint at the end', { reason: String(error) }));
    for (const witness of this.#parts.witnesses) witness.close();
  }

  async #load(): Promise<Published | undefined> {
    const { path, verifier, log, origin, witnesses } = this.#parts;
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const conflict = (reason: string): ShiplogError =>
      new ShiplogError('CHECKPOINT_CONFLICT', `${reason}: the checkpoint kept in ${path} does not fit`, { path });
    let checkpoint;
    try {
      checkpoint = openCheckpoint(
        text,
        [verifier],
        witnesses.map((witness) => witness.verifier),
      );
    } catch (error) {
      if (error instanceof TlogError) throw conflict(error.message);
      throw error;
    }
    const { size, root, note, cosignatures } = checkpoint;
    if (checkpoint.origin !== origin) throw conflict(`it is of the log ${checkpoint.origin}, and this is ${origin}`);
    if (size > log.tree.size) throw conflict(`${size} events were signed and there are ${log.tree.size}: the end of the log is lost`);
    if ((await this.#root(size)) !== root) throw conflict(`the first ${size} events are not those that were signed: the log was rewritten`);
    return { size, note, cosigned: namesOf(cosignatures).size === witnesses.length };
  }

  async #publish(latest: Published | undefined): Promise<Published> {
    const { log, path } = this.#parts;
    const { size } = log.tree;
    this.#last = performance.now();
    if (latest !== undefined && latest.size === size && latest.cosigned) return latest;
    const note = await this.#sign(size);
    const cosignatures = await Promise.all(this.#parts.witnesses.map((witness) => this.#cosign(witness, note, size)));
    const published = {
      size,
      note: { ...note, signatures: [...note.signatures, ...cosignatures.flat()] },
      cosigned: cosignatures.every((each) => each.length > 0),
    };
    await replaceDurably(path, formatNote(published.note));
    return published;
  }

  async #sign(size: number): Promise<Note> {
    const { origin, signer } = this.#parts;
    return signNote(formatCheckpoint({ origin, size, root: await this.#root(size) }), [signer]);
  }

  async #cosign(witness: WitnessClient, note: Note, size: number): Promise<readonly Signature[]> {
    const { logger } = this.#parts;
    try {
      const cosignatures = await witness.cosign(note, size, (before) => proveConsistency(before, size, this.#tile));
      if (this.#silent.delete(witness.url)) logger.info('a witness cosigns again', { witness: witness.verifier.name });
      return cosignatures;
    } catch (error) {
      if (!this.#silent.has(witness.url)) logger.warn('a checkpoint lacks a cosignature', { reason: String(error) });
      this.#silent.add(witness.url);
      return [];
    }
  }

  #look(): void {
    const { log, everyEvents, everyMs, logger } = this.#parts;
    void this.#latest.then(
      (latest) => {
        const grown = log.tree.size - (latest?.size ?? 0);
        const waited = performance.now() - this.#last;
        const due = grown >= everyEvents || (waited >= everyMs && (grown > 0 || latest?.cosigned === false));
        if (due) this.publish().catch((error: unknown) => logger.warn('no checkpoint', { reason: String(error) }));
      },
      // Said when it was found.
      () => clearInterval(this.#timer),
    );
  }

  async #root(size: number): Promise<Hash> {
    return hashOf(await this.#parts.log.tree.root(size));
  }

  readonly #tile: TileReader = (level, index) => this.#parts.log.tree.tile(level, index);

  #refuseFuture(size: number): void {
    const { size: events } = this.#parts.log.tree;
    if (size > events) throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has ${events} events, not ${size} yet`, { size, events });
  }
}

function namesOf(signatures: readonly Signature[]): ReadonlySet<string> {
  return new Set(signatures.map(({ name, id }) => `${name} ${id}`));
}
