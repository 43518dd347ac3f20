import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type Actor, type Engine, ShiplogError } from '@shiplog/contracts';
import { TlogApi } from '@shiplog/api-tlog';
import { createClient, type TlogClient } from '@shiplog/client';
import { createTestLogger, type TestLogger } from '@shiplog/driver-kit/testing';
import type { GrowingLog } from './growing-log.ts';

const ACTOR: Actor = { scheme: 'system', reason: 'test' };

/** The API over such a log, on a socket in `directory`; its state is there too, and outlives it. */
export class TlogEngine implements AsyncDisposable {
  readonly tlog: TlogClient;
  readonly logger: TestLogger;
  /** Where each reader began, and where it ended. */
  readonly reads: readonly number[];
  /** Codes of refusals that were recorded. */
  readonly refusals: readonly string[];
  readonly #api: TlogApi;
  readonly #server: Server;
  readonly #close: () => void;

  private constructor(
    api: TlogApi,
    server: Server,
    socket: string,
    logger: TestLogger,
    { reads, refusals }: { readonly reads: readonly number[]; readonly refusals: readonly string[] },
  ) {
    this.#api = api;
    this.#server = server;
    this.logger = logger;
    this.reads = reads;
    this.refusals = refusals;
    const client = createClient({ host: `unix://${socket}` });
    this.tlog = client.tlog;
    this.#close = () => client.close();
  }

  static async start(directory: string, log: GrowingLog, options: { readonly [name: string]: string } = {}): Promise<TlogEngine> {
    const logger = createTestLogger();
    const reads: number[] = [];
    const refusals: string[] = [];
    const api = new TlogApi({ engineId: '0123456789ab', stateDir: directory, runDir: directory }, options, logger);
    // Of an engine, this API sees the log, and tells who read it.
    const engine: Pick<Engine, 'recordRead' | 'refuse'> & { readonly log: GrowingLog } = {
      log,
      recordRead: async (read) => {
        reads.push(read.from);
        return { end: async (last) => void reads.push(last) };
      },
      refuse: async (_verb, error) => {
        const refusal = ShiplogError.wrap(error);
        refusals.push(refusal.code);
        return refusal;
      },
    };
    const handler = api.handler(engine as unknown as Engine);
    const socket = join(directory, 's');
    const server = createServer((request, response) => {
      if (!handler.request(request, response, ACTOR)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return new TlogEngine(api, server, socket, logger, { reads, refusals });
  }

  /** Ends the connections of {@link tlog}. */
  disconnect(): void {
    this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
    this.#close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
