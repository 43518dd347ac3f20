import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createContext, type Progress, type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import { RegistrySource } from '../driver.ts';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** A request as a registry saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: string;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server on loopback that answers as a test says, and remembers what it was asked. */
export class ScriptedRegistry implements AsyncDisposable {
  readonly seen: Seen[] = [];

  private constructor(
    private readonly server: Server,
    readonly host: string,
  ) {}

  static async start(answer: Answer): Promise<ScriptedRegistry> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const body = Buffer.concat(chunks).toString();
        registry.seen.push({ method, url, authorization: headers.authorization, range: headers.range, body });
        answer(request, response, body);
      });
      request.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const registry = new ScriptedRegistry(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Asks a source, and says how it went. */
export class Asker implements AsyncDisposable {
  readonly told: Progress[] = [];
  readonly source: RegistrySource;

  private constructor(
    readonly directory: string,
    private readonly cleanup: () => Promise<void>,
    options: { readonly [option: string]: string },
    silenceMs: number,
  ) {
    this.source = new RegistrySource(options, { attempts: 4, firstMs: 1, longestMs: 1000, silenceMs });
  }

  static async make(options: { readonly [option: string]: string } = {}, silenceMs = 15_000): Promise<Asker> {
    const { path, cleanup } = await temporaryDirectory('shiplog-fetched-');
    return new Asker(path, cleanup, options, silenceMs);
  }

  async resolve(reference: string, auth?: RegistryAuth) {
    return (await this.source.resolve({ reference, ...(auth === undefined ? {} : { auth }) }, this.context())).descriptor;
  }

  /** The content of a blob that is announced so. */
  async fetch(reference: string, content: Uint8Array, auth?: RegistryAuth, mediaType = LAYER): Promise<Buffer> {
    const path = join(this.directory, 'blob');
    const args = { reference, mediaType, digest: digestOf(content), size: content.length, path, ...(auth === undefined ? {} : { auth }) };
    await this.source.fetch(args, this.context());
    return readFile(path);
  }

  context(signal = AbortSignal.timeout(60_000)) {
    return createContext({ op: 'op', signal, progress: (progress) => this.told.push(progress) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cleanup();
  }
}

export function digestOf(content: Uint8Array | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** What work fails with; `none` if it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
}
