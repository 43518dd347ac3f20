import type { Transport } from './transport.ts';

const PREFIX = '/shiplog/tlog';

/** The log as a transparency log, as the engine shows it (C2SP tlog-tiles). Methods throw ApiError and UnreachableError. */
export class TlogClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The log's public key: `<name>+<id>+<Base64>`. */
  async key(): Promise<string> {
    return (await this.resource('key')).toString('utf8').trimEnd();
  }

  /** A signed checkpoint: one over at least `covers` events, signed now if need be, or over exactly `size`. The newest without either. */
  async checkpoint(over: { readonly covers?: number } | { readonly size: number } = {}): Promise<string> {
    return (await this.#get('checkpoint', over)).toString('utf8');
  }

  /** Canonical bytes of one event: what is hashed into the tree. */
  event(seq: number): Promise<Buffer> {
    return this.resource(`event/${seq}`);
  }

  /** What stands at a path below the log's prefix, such as `tile/0/000`. */
  resource(path: string): Promise<Buffer> {
    return this.#get(path, {});
  }

  async #get(path: string, query: { readonly [name: string]: number | undefined }): Promise<Buffer> {
    const response = await this.#transport.send({ method: 'GET', path: `${PREFIX}/${path}`, query });
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}
