import { closeSync } from 'node:fs';
import { type Kernel, NAME_SERVER_ADDRESS, type NameServer, type NameSource } from '@shiplog/contracts';
import { inject, injectable, KERNEL, KeyedLock } from '@shiplog/driver-kit';
import { datagramFront } from './datagram-front.ts';
import { Forwarder } from './forwarder.ts';
import { redirect } from './redirect.ts';
import { Responder } from './responder.ts';
import { streamFront } from './stream-front.ts';

/**
 * Answers in this process, at sockets that are bound in the containers' network namespaces: at a port that is free there, to which port 53 of the address
 * is led. The rules for that stay until the namespace goes, the sockets until {@link end}.
 */
@injectable()
export class EmbeddedNameServer implements NameServer, AsyncDisposable {
  readonly #kernel: Kernel;
  readonly #forwarder = new Forwarder();
  readonly #served = new Map<string, AsyncDisposable>();
  readonly #turns = new KeyedLock();

  constructor(@inject(KERNEL) kernel: Kernel) {
    this.#kernel = kernel;
  }

  serve(container: string, sandbox: string, source: NameSource): Promise<void> {
    return this.#turns.run(container, async () => {
      await using before = new AsyncDisposableStack();
      before.defer(() => this.#end(container));
      const opened = await this.#open(sandbox, source);
      await before.disposeAsync();
      this.#served.set(container, opened);
    });
  }

  end(container: string): Promise<void> {
    return this.#turns.run(container, () => this.#end(container));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#served.keys()].map((container) => this.end(container)));
  }

  async #end(container: string): Promise<void> {
    const served = this.#served.get(container);
    this.#served.delete(container);
    await served?.[Symbol.asyncDispose]();
  }

  async #open(sandbox: string, source: NameSource): Promise<AsyncDisposable> {
    await using opened = new AsyncDisposableStack();
    const { udp, tcp, port } = await this.#kernel.sockets.bind(NAME_SERVER_ADDRESS, sandbox);
    const unused = new Set([udp, tcp]);
    opened.defer(() => unused.forEach((fd) => closeSync(fd)));
    const questions = new AbortController();
    opened.defer(() => questions.abort());
    const responder = new Responder(source, this.#forwarder, questions.signal);
    unused.delete(udp);
    opened.use(datagramFront(udp, responder));
    unused.delete(tcp);
    opened.use(await streamFront(tcp, responder));
    await redirect(this.#kernel.firewall, sandbox, NAME_SERVER_ADDRESS, port);
    return opened.move();
  }
}
