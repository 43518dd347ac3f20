import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';
import type { Logger } from '../services.ts';
import { type Cursor, readCursor, writeCursor } from './cursor.ts';
import { FileChanges } from './file-changes.ts';
import { LineJoiner, type OutputRecord } from './line-joiner.ts';
import { parseSpoolLine } from './spool-line.ts';

/** Where output goes. */
export interface OutputSink {
  /** Takes records; resolves once they are the destination's. After it throws, or after a crash, the same may come again. */
  write(records: readonly OutputRecord[], signal: AbortSignal): Promise<void>;
  /** Answers what is to be kept with the position; `durable`: what was written survives power loss. Absent: the destination sees to that itself. */
  sync?(durable: boolean): Promise<Cursor['state']>;
  /** The destination must make room before more comes: asked after each write and at the start. {@link OutputSink.turn} is called between two notes of the position. */
  readonly full?: boolean;
  turn?(): Promise<void>;
  /** About how many bytes of the spool to read next. */
  readonly room?: number | undefined;
  close(): Promise<void>;
}

export interface DeliveryOptions {
  readonly spool: string;
  /** File that holds the position. */
  readonly cursor: string;
  readonly kernel: Kernel;
  readonly logger: Logger;
  /** Opens the destination, given what it kept with the position. Called again after a failure. */
  readonly connect: (state: Cursor['state']) => Promise<OutputSink>;
  /** Bytes that may wait for a destination that fails; the oldest beyond are dropped. Absent: nothing is ever dropped. */
  readonly most?: number;
  /** Bytes after which the destination would have let go of the oldest itself: what is further behind is passed over. */
  readonly kept?: number;
}

const BLOCK = 65_536;
/** A spool that does not exist yet is looked for this often. */
const APPEAR_MS = 100;
/** Lines that come one by one are taken together. */
const GATHER_MS = 10;
/** After this much, what was taken over is made durable and freed in the spool. */
const FREE_EVERY = 4 << 20;
/** Less than this stays where it is when a container ends: syncing costs more. */
const FREE_LEAST = 1 << 20;
/** When nothing came for so long, the position is noted. */
const QUIET_MS = 1000;
const RETRY_MS = { first: 250, most: 30_000 };

/**
 * Takes over what comes into a spool, in the background, from where an earlier one left off: reads whole lines, writes them
 * to the sink, notes the position, frees the space. A sink that fails is opened again, for as long as it takes.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  readonly #caughtUp: (() => void)[] = [];
  #closing = false;
  /** Aborts when it is closed: who waits for the destination looks again whether there is anything to wait for. */
  #closed = new AbortController();
  #ended = false;
  #reopened = Promise.withResolvers<void>();
  #changes: FileChanges | undefined;
  #position = 0;
  #noted = 0;
  #freed = 0;
  #joiner = new LineJoiner();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#done = this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        options.logger.error('output is not taken over any more', { spool: options.spool, error: String(error) });
    });
  }

  /** Resolves when what the spool holds now is taken over, or cannot be at the moment. */
  async catchUp(): Promise<void> {
    const caughtUp = Promise.withResolvers<void>();
    this.#caughtUp.push(caughtUp.resolve);
    this.#changes?.note();
    await Promise.race([caughtUp.promise, this.#done]);
  }

  /**
   * Takes over the rest and ends. When `signal` aborts it ends all the same, and the rest stays. False if it did not end, because it was
   * reopened meanwhile.
   */
  async close(signal: AbortSignal): Promise<boolean> {
    this.#closing = true;
    this.#closed.abort();
    this.#changes?.note();
    const abort = (): void => this.#stop.abort();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    // A delivery keeps no process alive, but somebody waits for this one.
    const alive = setInterval(() => undefined, 60_000);
    const ended = await Promise.race([this.#done.then(() => true), this.#reopened.promise.then(() => false)]);
    clearInterval(alive);
    signal.removeEventListener('abort', abort);
    return ended;
  }

  /** There will be more after all: goes on although {@link Delivery.close} was called. False if it is too late for that. */
  reopen(): boolean {
    if (this.#ended || this.#stop.signal.aborted) return false;
    this.#closing = false;
    this.#closed = new AbortController();
    this.#reopened.resolve();
    this.#reopened = Promise.withResolvers<void>();
    return true;
  }

  async #run(): Promise<void> {
    const file = await this.#openSpool();
    if (file === undefined) return;
    const changes = new FileChanges(this.#options.spool, [this.#stop.signal]);
    this.#changes = changes;
    try {
      await this.#deliver(file, changes);
    } finally {
      this.#ended = true;
      this.#changes = undefined;
      changes.close();
      await file.close();
      this.#tellCaughtUp();
    }
  }

  async #openSpool(): Promise<FileHandle | undefined> {
    for (;;) {
      try {
        return await open(this.#options.spool, 'r');
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
      this.#tellCaughtUp();
      if (this.#closing || this.#stop.signal.aborted) {
        this.#ended = true;
        return undefined;
      }
      await sleep(APPEAR_MS);
    }
  }

  async #deliver(file: FileHandle, changes: FileChanges): Promise<void> {
    let state = await this.#restore(file);
    let retry = RETRY_MS.first;
    let failing = false;
    while (!this.#stop.signal.aborted) {
      let sink: OutputSink | undefined;
      try {
        sink = await this.#options.connect(state);
        if (failing) this.#options.logger.info('output is taken over again', { spool: this.#options.spool });
        failing = false;
        await this.#feed(file, changes, sink, () => (retry = RETRY_MS.first));
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (!failing)
          this.#options.logger.warn('output waits: its destination fails', { spool: this.#options.spool, error: String(error) });
        failing = true;
        this.#tellCaughtUp();
        // What was written after the last note is written again.
        state = await this.#restore(file);
        if (this.#options.most !== undefined) await this.#skip(file, this.#options.most);
        if (await this.#endsWithoutRest(file)) return;
        const woken = this.#closing ? [this.#stop.signal] : [this.#stop.signal, this.#closed.signal];
        await sleep(retry, undefined, { signal: AbortSignal.any(woken) }).catch(() => undefined);
        retry = Math.min(retry * 2, RETRY_MS.most);
      } finally {
        await sink?.close().catch((error: unknown) => this.#options.logger.debug('sink not closed', { error: String(error) }));
      }
    }
  }

  /** Closed, and nothing is left: then no destination is needed. */
  async #endsWithoutRest(file: FileHandle): Promise<boolean> {
    if (!this.#closing) return false;
    const { size } = await file.stat();
    const isDone = this.#closing && size <= this.#position && Object.keys(this.#joiner.begun).length === 0;
    if (isDone) this.#ended = true;
    return isDone;
  }

  /** Ends when the delivery does, after the last line. Throws what the sink throws. */
  async #feed(file: FileHandle, changes: FileChanges, sink: OutputSink, worked: () => void): Promise<void> {
    // What the destination has from before counts as before.
    if (this.#noted < 0) await this.#note(sink, false);
    if (sink.full === true) await this.#turn(sink);
    while (!this.#stop.signal.aborted) {
      // Asked before reading: what ended before this read left all it had.
      const last = this.#closing;
      const waiting = this.#caughtUp.length;
      const seen = changes.count;
      if (this.#options.kept !== undefined) await this.#skip(file, this.#options.kept);
      const records = await this.#read(file, sink.room);
      if (records === undefined) {
        if (last && this.#closing) {
          this.#ended = true;
          const rest = this.#joiner.flush();
          if (rest.length > 0) await sink.write(rest, this.#stop.signal);
          await this.#note(sink, this.#position - this.#freed >= FREE_LEAST);
          return;
        }
        this.#tellCaughtUp(waiting);
        await this.#wait(changes, seen, sink);
        continue;
      }
      if (records.length > 0) await sink.write(records, this.#stop.signal);
      worked();
      if (sink.full === true) await this.#turn(sink);
      const free = this.#position - this.#freed >= FREE_EVERY;
      if (free || sink.sync === undefined) await this.#note(sink, free);
    }
    await this.#note(sink, false);
  }

  /** Records of whole lines from the position on; undefined when there are none. Moves the position. */
  async #read(file: FileHandle, room = BLOCK): Promise<readonly OutputRecord[] | undefined> {
    const length = Math.max(1024, Math.min(BLOCK, room));
    for (let size = length; ; size *= 2) {
      const block = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(block, 0, size, this.#position);
      const end = block.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      if (end === 0) {
        if (bytesRead < size) return undefined;
        if (size < BLOCK) continue;
        // The monitor writes no such lines: a hole, or damage.
        this.#position += bytesRead;
        return [];
      }
      const records: OutputRecord[] = [];
      for (let start = 0; start < end;) {
        const next = block.indexOf(0x0a, start) + 1;
        const record = parseSpoolLine(block.subarray(start, next));
        if (record !== undefined) records.push(...this.#joiner.push(record));
        start = next;
      }
      this.#position += end;
      return records;
    }
  }

  async #wait(changes: FileChanges, seen: number, sink: OutputSink): Promise<void> {
    if (this.#caughtUp.length > 0) return;
    if (this.#position !== this.#noted) {
      const quiet = await Promise.race([changes.after(seen).then(() => false), sleep(QUIET_MS, true, { ref: false })]);
      if (quiet) await this.#note(sink, false);
    } else await changes.after(seen);
    if (!this.#closing && this.#caughtUp.length === 0) await sleep(GATHER_MS, undefined, { ref: false });
  }

  /** Keeps the position; `free`: durably, and lets the file system have what is before it. */
  async #note(sink: OutputSink, free: boolean): Promise<void> {
    const { cursor, kernel, spool } = this.#options;
    if (this.#position === this.#noted && !free) return;
    const state = (await sink.sync?.(free)) ?? {};
    await mkdir(dirname(cursor), { recursive: true, mode: 0o700 });
    await writeCursor(cursor, { position: this.#position, begun: this.#joiner.begun, state }, free);
    this.#noted = this.#position;
    if (!free || this.#position === this.#freed) return;
    await kernel.files.punchHole(spool, 0, this.#position);
    this.#freed = this.#position;
  }

  async #turn(sink: OutputSink): Promise<void> {
    await this.#note(sink, false);
    await sink.turn?.();
    // The position is the same and what goes with it is not.
    this.#noted = -1;
    await this.#note(sink, false);
  }

  /** Passes over the oldest of what waits, up to a line's beginning, where it is more than `most` bytes. */
  async #skip(file: FileHandle, most: number): Promise<void> {
    const { size } = await file.stat();
    const behind = size - this.#position;
    if (behind <= most + BLOCK) return;
    const block = Buffer.allocUnsafe(BLOCK);
    const from = size - most;
    const { bytesRead } = await file.read(block, 0, BLOCK, from);
    const position = from + block.subarray(0, bytesRead).indexOf(0x0a) + 1;
    this.#options.logger.warn('output dropped: its destination is too slow', {
      spool: this.#options.spool,
      bytes: position - this.#position,
    });
    this.#position = position;
    this.#joiner = new LineJoiner();
  }

  /** Goes back to the last note, and answers what the destination kept with it. */
  async #restore(file: FileHandle): Promise<Cursor['state']> {
    const cursor = await readCursor(this.#options.cursor);
    // A spool that is shorter was deleted and begun anew.
    const valid = cursor !== undefined && (await file.stat()).size >= cursor.position;
    this.#position = valid ? cursor.position : 0;
    this.#joiner = new LineJoiner(valid ? cursor.begun : {});
    this.#noted = valid ? this.#position : -1;
    return cursor?.state ?? {};
  }

  #tellCaughtUp(count = this.#caughtUp.length): void {
    for (const resolve of this.#caughtUp.splice(0, count)) resolve();
  }
}
