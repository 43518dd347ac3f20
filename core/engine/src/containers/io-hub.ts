import type { IoChannel, OutputChunk, RuntimeDriver } from '@shiplog/contracts';

type Attach = (kind: 'runtime', runtime: string, target: Parameters<RuntimeDriver['attach']>[0]) => Promise<IoChannel>;

/** A channel that is handed out before its process exists: it holds what is written until it is connected. */
class DeferredChannel implements IoChannel {
  readonly #connected = Promise.withResolvers<IoChannel | undefined>();
  #real: IoChannel | undefined;
  #closed = false;
  readonly output: AsyncIterable<OutputChunk>;

  constructor() {
    const connected = this.#connected.promise;
    this.output = {
      async *[Symbol.asyncIterator]() {
        const channel = await connected;
        if (channel !== undefined) yield* channel.output;
      },
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  connect(channel: IoChannel): void {
    if (this.#closed) channel.close();
    this.#real = channel;
    this.#connected.resolve(channel);
  }

  /** There will be no process. Nothing where there is one. */
  end(): void {
    this.#connected.resolve(undefined);
  }

  async write(data: Uint8Array): Promise<void> {
    const channel = this.#real ?? (await this.#connected.promise);
    await channel?.write(data);
  }

  endInput(): void {
    if (this.#real !== undefined) this.#real.endInput();
    else void this.#connected.promise.then((channel) => channel?.endInput());
  }

  close(): void {
    this.#closed = true;
    if (this.#real !== undefined) this.#real.close();
    else this.#connected.resolve(undefined);
  }
}

/** Hands out stdio channels, also for processes that are yet to start. Keys are container or exec ids. */
export class IoHub {
  readonly #waiting = new Map<string, DeferredChannel[]>();

  constructor(private readonly attach: Attach) {}

  /** A channel of a running process. */
  open(runtime: string, target: { readonly id: string; readonly exec?: string }): Promise<IoChannel> {
    return this.attach('runtime', runtime, target);
  }

  /** A channel that opens when {@link IoHub.connect} is called for `key`. */
  await(key: string): IoChannel {
    const channel = new DeferredChannel();
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [channel]);
    else waiting.push(channel);
    return channel;
  }

  /** Connects every channel that waits for a process now created and not yet started. Where that fails, those that are left end. */
  async connect(runtime: string, target: { readonly id: string; readonly exec?: string }): Promise<void> {
    const key = target.exec ?? target.id;
    // Who left while waiting is no reader. The newest first: some left without a sign, and a monitor may take one reader a turn, so that the last of many
    // misses what a process prints at once.
    const waiting = (this.#waiting.get(key) ?? []).toReversed();
    this.#waiting.delete(key);
    try {
      for (const channel of waiting) if (!channel.closed) channel.connect(await this.attach('runtime', runtime, target));
    } catch (error) {
      for (const channel of waiting) channel.end();
      throw error;
    }
  }

  /** Ends every channel that waits for a process that will not come. */
  forget(key: string): void {
    for (const channel of this.#waiting.get(key) ?? []) channel.end();
    this.#waiting.delete(key);
  }
}
