import type { EventKind, EventLogReader, EventType, Hold, ShiplogEvent, StreamName, Verification } from '@shiplog/contracts';

/** A log in memory, durable at once. Test double. */
export class FakeLog implements EventLogReader {
  readonly #events: ShiplogEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly firstSeq = 0;

  get durableSeq(): number {
    return this.#events.length - 1;
  }

  async boundary(): Promise<undefined> {
    return undefined;
  }

  /** Nothing of it goes. */
  hold(from = 0): Hold {
    return { next: from, advance() {}, [Symbol.dispose]() {} };
  }

  append(op: string, stream: StreamName, type: EventType, kind: EventKind, data: object, at = Date.now()): void {
    const seq = this.#events.length;
    const event = {
      v: 1 as const,
      seq,
      id: `event-${seq}`,
      stream,
      rev: seq,
      type,
      sv: 1,
      kind,
      op,
      corr: op,
      t: (BigInt(at) * 1_000_000n + BigInt(seq % 1000)).toString(),
      mono: '0',
      boot: 'boot',
      inst: 'instance',
      actor: { scheme: 'system', reason: 'test' },
      data,
    };
    this.#events.push(event as ShiplogEvent);
    for (const wake of this.#waiting) wake();
  }

  async *read(options: { readonly from?: number; readonly to?: number; readonly stream?: StreamName } = {}): AsyncGenerator<ShiplogEvent> {
    const events = this.#events.slice(options.from ?? 0, (options.to ?? this.durableSeq) + 1);
    yield* events.filter(({ stream }) => stream === (options.stream ?? stream));
  }

  async *readBytes({ from, to }: { readonly from: number; readonly to: number }): AsyncGenerator<Uint8Array> {
    for await (const event of this.read({ from, to })) yield Buffer.from(JSON.stringify(event));
  }

  lastTagged(): number {
    return -1;
  }

  streamsBegun(): never {
    throw new Error('the Docker API asks the engine for objects of the past');
  }

  get tree(): never {
    throw new Error('the Docker API proves nothing');
  }

  async *readStream(stream: StreamName): AsyncGenerator<ShiplogEvent> {
    yield* this.#events.filter((event) => event.stream === stream);
  }

  async *follow({ from, signal }: { readonly from: number; readonly signal?: AbortSignal }): AsyncGenerator<ShiplogEvent> {
    for (let next = from; signal?.aborted !== true;) {
      const event = this.#events[next];
      if (event === undefined) {
        await this.#more(signal);
      } else {
        next += 1;
        yield event;
      }
    }
  }

  async *followBatches(options: { readonly from: number; readonly signal?: AbortSignal }): AsyncGenerator<readonly ShiplogEvent[]> {
    for await (const event of this.follow(options)) yield [event];
  }

  async positionAt(time: bigint): Promise<number> {
    const later = this.#events.findIndex((event) => BigInt(event.t) > time);
    return (later === -1 ? this.#events.length : later) - 1;
  }

  async verify(): Promise<Verification> {
    return { from: 0, events: this.#events.length, head: '', damage: [] };
  }

  async #more(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', () => resolve());
    if (signal?.aborted === true) resolve();
    await promise;
    this.#waiting.delete(resolve);
  }
}
