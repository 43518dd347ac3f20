import { AbstractIterator, type AbstractIteratorOptions, AbstractLevel } from 'abstract-level';
import { ENCODING, type LogDatabase, segmentKey, segmentPosition } from '../stored/database.ts';
import type { RawEntry } from '../stored/raw-scan.ts';
import { ArchiveCursor } from './archive-cursor.ts';
import { ARCHIVE_KEYS, decodeRecord } from './archive-record.ts';
import { Archives } from './archives.ts';
import { readFirst } from './base.ts';

type Range = AbstractIteratorOptions<string, Buffer>;

/**
 * A database whose old segments lie in archives: reading finds them there, writing knows only the database inside. Who reads cannot
 * tell the difference, so all of the log works on it (see "Private API for implementors" of abstract-level).
 */
export class ArchivingLevel extends AbstractLevel<string | Buffer | Uint8Array, string, string> {
  readonly inner: LogDatabase;
  readonly #directory: string;
  #archives: Archives | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `inner` is opened, if it is not open, and closed with this. `directory` need not exist. */
  constructor(inner: LogDatabase, directory: string) {
    super({ encodings: { utf8: true, buffer: true } }, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
    this.inner = inner;
    this.#directory = directory;
  }

  /** Precondition: it is open. */
  get archives(): Archives {
    if (this.#archives === undefined) throw new Error('the archives of a log are known when it is open');
    return this.#archives;
  }

  /** Runs what makes or removes archives, one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async _open(): Promise<void> {
    await this.inner.open();
    const values = await this.inner.values<string, Buffer>({ ...ENCODING, ...ARCHIVE_KEYS }).all();
    this.#archives = new Archives(this.#directory, values.map(decodeRecord));
  }

  /** Removes files that a seal or a prune left which was cut off. For who found the log whole: nobody else knows that nothing needs them. */
  async removeStrays(): Promise<void> {
    const kept = await readFirst(this.inner);
    const isInside = async (first: number): Promise<boolean> =>
      (await this.inner.get<string, Buffer>(segmentKey(first), ENCODING)) !== undefined;
    await this.archives.removeStrays(async (first) => first < kept || isInside(first));
  }

  async _close(): Promise<void> {
    await this.#archives?.close();
    await this.inner.close();
  }

  _get(key: string): Promise<Buffer | undefined> {
    return this.inner.get<string, Buffer>(key, ENCODING);
  }

  async _getMany(keys: string[]): Promise<(Buffer | undefined)[]> {
    const found = await this.inner.getMany<string, Buffer>(keys, ENCODING);
    // Looked for here first, there afterwards: what is archived meanwhile is in one of both.
    return Promise.all(keys.map((key, index) => found[index] ?? this.#archived(key)));
  }

  _put(key: string, value: Buffer, options: object): Promise<void> {
    return this.inner.put<string, Buffer>(key, value, { ...options, ...ENCODING });
  }

  _del(key: string, options: object): Promise<void> {
    return this.inner.del<string>(key, { ...options, keyEncoding: 'utf8' });
  }

  _batch(operations: readonly BatchOperation[], options: object): Promise<void> {
    return this.inner.batch<string, Buffer>(operations as never, { ...options, ...ENCODING });
  }

  /** The inner database's own: appending costs nothing more. */
  _chainedBatch(): unknown {
    return this.inner.batch();
  }

  _iterator(options: Range): ArchivingIterator {
    return new ArchivingIterator(this, options);
  }

  #archived(key: string): Promise<Buffer | undefined> | undefined {
    const first = segmentPosition(key);
    return first === undefined ? undefined : this.archives.segment(first);
  }
}

interface BatchOperation {
  readonly type: 'put' | 'del';
  readonly key: string;
  readonly value?: Buffer;
}

/** Archived segments, then what is in the database; forwards only. */
class ArchivingIterator extends AbstractIterator<ArchivingLevel, string, Buffer> {
  readonly #live;
  readonly #upper: (key: string) => boolean;
  #archived: ArchiveCursor | undefined;
  #rest: readonly RawEntry[] = [];

  constructor(db: ArchivingLevel, options: Range) {
    super(db, options);
    const { gte = '', lt, lte } = options;
    const from = segmentPosition(gte);
    const isArchived = from !== undefined && from < db.archives.end;
    if (isArchived) this.#archived = new ArchiveCursor(db.archives, from);
    this.#upper = (key) => (lt === undefined || key < lt) && (lte === undefined || key <= lte);
    // Made now: it sees the database as it is now, whatever is archived later.
    // While a seal's write is under way it has what archives have, too.
    this.#live = db.inner.iterator<string, Buffer>({ ...options, ...(isArchived && { gte: segmentKey(db.archives.end) }), ...ENCODING });
  }

  async _next(): Promise<RawEntry | undefined> {
    return (await this._nextv(1))[0];
  }

  async _nextv(size: number): Promise<RawEntry[]> {
    if (this.#rest.length === 0 && this.#archived !== undefined) {
      const entries = await this.#archived.next();
      this.#rest = entries.filter(([key]) => this.#upper(key));
      // Keys ascend: after one that is beyond the range come no others.
      if (this.#rest.length < entries.length || entries.length === 0) this.#archived = undefined;
    }
    if (this.#rest.length === 0) return this.#live.nextv(size);
    const some = this.#rest.slice(0, size);
    this.#rest = this.#rest.slice(size);
    return some;
  }

  async _close(): Promise<void> {
    await this.#live.close();
  }
}
