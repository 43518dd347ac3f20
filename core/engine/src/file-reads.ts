import { type Caller, type ContainerRecord, type OpenFiles, type PathStat, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from './core.ts';
import type { Executor } from './executor.ts';
import type { Reads } from './reads.ts';

/** How often, and after how many milliseconds, a container is looked at again that ended a moment ago and whose end is not known yet. */
const AGAIN = { times: 50, ms: 100 } as const;

/** Verbs that take a container's mounts away from under a reader, or make others. */
const MOUNTING: ReadonlySet<string> = new Set([
  'container.create',
  'container.start',
  'container.restart',
  'container.remove',
  'container.prune',
  'container.release',
  'container.migrate',
]);

/** Files that are read. `canceled`: whoever reads is to leave off. */
interface Opened {
  readonly id: string;
  readonly files: OpenFiles;
  readonly end: () => Promise<void>;
  readonly canceled: AbortSignal;
}

/** Reads of containers' files: what `docker cp` and `docker export` take out. */
export class FileReads {
  constructor(
    private readonly core: EngineCore,
    private readonly executor: Executor,
    private readonly reads: Reads,
  ) {}

  /** See Engine.stat. */
  async stat(ref: string, path: string, signal: AbortSignal): Promise<PathStat> {
    const { files, end } = await this.#open(ref, false, signal, () => undefined);
    try {
      return await files.stat(path);
    } finally {
      await end();
    }
  }

  /** See Engine.archive. */
  async archive(
    ref: string,
    path: string,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
    let streamed: CanceledStream | undefined;
    const { files, end, id, canceled } = await this.#open(ref, false, signal, () => streamed?.cancel());
    try {
      const { stat, tar } = await files.archive(path);
      streamed = new CanceledStream(tar, end);
      if (canceled.aborted) streamed.cancel();
      await this.#record(id, ref, path, caller);
      return { stat, tar: streamed };
    } catch (error) {
      await (streamed === undefined ? end() : streamed.return());
      throw error;
    }
  }

  /** See Engine.export. */
  async export(ref: string, caller: Caller, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    let streamed: CanceledStream | undefined;
    const { files, end, id, canceled } = await this.#open(ref, true, signal, () => streamed?.cancel());
    try {
      streamed = new CanceledStream(files.export(), end);
      if (canceled.aborted) streamed.cancel();
      await this.#record(id, ref, undefined, caller);
      return streamed;
    } catch (error) {
      await (streamed === undefined ? end() : streamed.return());
      throw error;
    }
  }

  /** That it is read is durable before a byte of it is answered. */
  async #record(id: string, ref: string, path: string | undefined, caller: Caller): Promise<void> {
    const what = path === undefined ? { verb: 'container.export' as const, ref } : { verb: 'container.archive' as const, ref, path };
    await this.reads.recordContent([{ ...what, stream: `container/${id}` }], caller);
  }

  /** `cancel` ends a stream that was begun; what is opened after it was called is closed at once. */
  async #open(ref: string, bare: boolean, signal: AbortSignal, cancel: () => void): Promise<Opened> {
    const { filesOfContainers, parts } = this.core;
    for (let tries = 0; ; tries += 1) {
      const container = await this.#undisturbed(ref);
      const canceled = new AbortController();
      const end = filesOfContainers.begin(container.id, container.process === undefined, () => {
        canceled.abort();
        cancel();
      });
      try {
        const both = AbortSignal.any([signal, canceled.signal]);
        const ctx = { op: parts.identities.op(), signal: both };
        const files = await (bare ? filesOfContainers.openRoot(container, ctx) : filesOfContainers.open(container, ctx));
        const close = async (): Promise<void> => {
          try {
            await files.close();
          } catch (error) {
            parts.logger.error('files of a container were not given back', { container: container.id, error: String(error) });
          } finally {
            end();
          }
        };
        if (!both.aborted) return { id: container.id, files, end: close, canceled: canceled.signal };
        await close();
        throw new ShiplogError('CANCELED', 'the caller went away, or the container is being removed', { container: container.id });
      } catch (error) {
        end();
        const gone = container.process !== undefined && ShiplogError.wrap(error).facts['errno'] === 'ESRCH';
        if (!gone || tries >= AGAIN.times) throw error;
        await new Promise<void>((resolve) => parts.clock.after(AGAIN.ms, resolve));
      }
    }
  }

  /** The container, when nobody mounts or unmounts anything of it, nor reads what was mounted for that. What follows at once comes before others. */
  async #undisturbed(ref: string): Promise<ContainerRecord> {
    const { filesOfContainers, ledger } = this.core;
    const { id } = ledger.head.container(ref);
    for (;;) {
      const container = ledger.head.container(id);
      const verb = this.executor.isBusy(container) ? (container.busy?.verb ?? '') : '';
      const runs = container.process !== undefined;
      if (MOUNTING.has(verb) || (verb !== '' && !runs)) await this.executor.idle(id);
      else if (!runs && filesOfContainers.areRead(id, true)) await filesOfContainers.unread(id, true);
      else return container;
    }
  }
}

/** A stream that can be ended from elsewhere, also while whoever reads it does nothing. `end` is called once, when nothing of it goes on. */
class CanceledStream implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: AsyncIterator<Uint8Array>;
  readonly #end: () => Promise<void>;
  #ended: Promise<void> | undefined;
  #canceled = false;

  constructor(stream: AsyncIterable<Uint8Array>, end: () => Promise<void>) {
    this.#stream = stream[Symbol.asyncIterator]();
    this.#end = end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      const next = this.#ended === undefined ? await this.#stream.next() : undefined;
      if (next !== undefined && next.done !== true) return next;
    } catch (error) {
      await this.#finish();
      throw error;
    }
    await this.#finish();
    if (this.#canceled) throw new ShiplogError('CANCELED', 'the container is being removed, or the engine is stopping');
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#finish();
    return { done: true, value: undefined };
  }

  cancel(): void {
    this.#canceled = true;
    void this.#finish();
  }

  /** What is under way comes to its end first: a generator takes its calls in order. */
  #finish(): Promise<void> {
    return (this.#ended ??= (async () => {
      // What it threw was told to whoever read it.
      await Promise.resolve(this.#stream.return?.()).catch(() => undefined);
      await this.#end();
    })());
  }
}
