import type { IoChannel, OutputChunk } from '@shiplog/contracts';

/** A process that only plays one: `cat`, `late`, `echo`, `both`, `exit`, `sleep`. Test double. */
export class FakeProcess {
  readonly #channels = new Set<Queue>();
  readonly #onExit: (exitCode: number) => void;
  readonly printed: OutputChunk[];
  readonly #started = Promise.withResolvers<void>();
  #argv: readonly string[] = [];
  #running = false;

  /** `printed`: what earlier runs printed. */
  constructor(onExit: (exitCode: number) => void, printed: OutputChunk[] = []) {
    this.#onExit = onExit;
    this.printed = printed;
  }

  start(argv: readonly string[]): void {
    this.#argv = argv;
    this.#running = true;
    // After the start is answered, as a real process's output is.
    setImmediate(() => {
      this.#run();
      this.#started.resolve();
    });
  }

  kill(signal: number): void {
    if (this.#running) this.#exit(128 + signal);
  }

  /** The start failed: nobody will ever hear from it. */
  fail(): void {
    for (const queue of this.#channels) queue.end();
  }

  attach(): IoChannel {
    const queue = new Queue();
    this.#channels.add(queue);
    return {
      output: queue.drain(),
      // Input that comes before the start waits for it.
      write: async (data) => {
        await this.#started.promise;
        if (this.#running && this.#argv[0] === 'cat') this.#print(1, Buffer.from(data));
      },
      endInput: () => void this.#started.promise.then(() => this.#inputEnded()),
      close: () => {
        this.#channels.delete(queue);
        queue.end();
      },
    };
  }

  #run(): void {
    const [name, ...words] = this.#argv;
    if (name === 'echo') this.#print(1, Buffer.from(`${words.join(' ')}\n`));
    if (name === 'both') {
      this.#print(1, Buffer.from('to stdout\n'));
      this.#print(2, Buffer.from('to stderr\n'));
    }
    if (name === 'echo' || name === 'both') this.#exit(0);
    if (name === 'exit') this.#exit(Number(words[0]));
  }

  #inputEnded(): void {
    if (this.#argv[0] === 'cat') this.#exit(0);
    if (this.#argv[0] === 'late') setTimeout(() => this.#last(), 30);
  }

  #last(): void {
    this.#print(1, Buffer.from('late output\n'));
    this.#exit(0);
  }

  #print(stream: 1 | 2, data: Uint8Array): void {
    this.printed.push({ stream, data });
    for (const queue of this.#channels) queue.push({ stream, data });
  }

  #exit(exitCode: number): void {
    if (!this.#running) return;
    this.#running = false;
    for (const queue of this.#channels) queue.end();
    this.#onExit(exitCode);
  }
}

class Queue {
  readonly #chunks: OutputChunk[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(chunk: OutputChunk): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *drain(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
