import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ApiHandler, Engine, EventLog, Extensions } from '@shiplog/contracts';
import { canonicalJson, openLevelLog } from '@shiplog/event-log';
import { NativeApi, PREFIX } from '@shiplog/api-native';
import { interleave, type Series } from '../measure.ts';
import { stopRequest } from './events.ts';
import { heldBytes } from './held-bytes.ts';

const CLIENT = fileURLToPath(new URL('./follower-client.script.js', import.meta.url));
const EVENTS = 10_000;
const BATCH = 64;
export const FOLLOWERS = 100;
export const STALLED = 5;

/** What followers of one run saw. */
export interface Seen {
  readonly lost: number;
  readonly twice: number;
  readonly reconnects: number;
  /** Milliseconds from the request's own time to the follower. */
  readonly median: number;
  readonly p99: number;
}

/** Followers over a unix socket: of the log by the native API, and of a bare server that writes the same bytes from memory. */
export class FollowerBench {
  readonly seen: Seen[] = [];

  private constructor(private readonly directory: string) {}

  static async prepare(): Promise<FollowerBench> {
    return new FollowerBench(await mkdtemp(join(tmpdir(), 'shiplog-bench-')));
  }

  async done(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Log events a second that reached every follower that reads. */
  run(rounds: number): Promise<Record<string, Series>> {
    return interleave(rounds, {
      'bare server, bytes from memory': () => this.#bare(),
      [`log, ${FOLLOWERS} followers, ${STALLED} stalled`]: () => this.#log(),
    });
  }

  /** Bytes of memory a stalled follower takes: of many at once, the share of one. */
  async memoryOfStalled(): Promise<number> {
    const log = await this.#open('memory');
    const { server, path } = await listen(join(this.directory, 'memory.sock'), (request, response) =>
      handlerOf(log).request(request, response, SYSTEM),
    );
    try {
      await append(log, 2000);
      const before = await heldBytes();
      const count = 50;
      const client = await start([path, FOLLOW, '1', String(count), '0', String(EVENTS - 1)]);
      await append(log, EVENTS - 2000);
      await resultOf(client);
      const bytes = ((await heldBytes()) - before) / count;
      return bytes;
    } finally {
      server.closeAllConnections();
      server.close();
      await log.close();
    }
  }

  async #log(): Promise<number> {
    const name = `log-${this.seen.length}`;
    const log = await this.#open(name);
    const handler = handlerOf(log);
    const { server, path } = await listen(
      join(this.directory, `${name}.sock`),
      (request, response) => void handler.request(request, response, SYSTEM),
    );
    try {
      const client = await start([path, FOLLOW, String(FOLLOWERS - STALLED), String(STALLED), '1', String(EVENTS - 1)]);
      const began = performance.now();
      await append(log, EVENTS);
      this.seen.push(await resultOf(client));
      return (EVENTS / (performance.now() - began)) * 1000;
    } finally {
      server.closeAllConnections();
      server.close();
      await log.close();
      await rm(join(this.directory, name), { recursive: true, force: true });
    }
  }

  /** Writes to all, and waits for those that are slow; nobody stalls, or it would wait for ever. */
  async #bare(): Promise<number> {
    const responses: ServerResponse[] = [];
    const { server, path } = await listen(join(this.directory, 'bare.sock'), (_request, response) => {
      response.flushHeaders();
      responses.push(response);
    });
    try {
      const count = FOLLOWERS - STALLED;
      const client = await start([path, '/', String(count), '0', '0', String(EVENTS - 1)]);
      while (responses.length < count) await new Promise(setImmediate);
      const began = performance.now();
      for (let from = 0; from < EVENTS; from += BATCH) {
        const lines = Buffer.from(Array.from({ length: Math.min(BATCH, EVENTS - from) }, (_, index) => lineOf(from + index)).join(''));
        await Promise.all(responses.map((response) => response.write(lines) || once(response, 'drain')));
      }
      await resultOf(client);
      return (EVENTS / (performance.now() - began)) * 1000;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  #open(name: string): Promise<EventLog> {
    return openLevelLog({ directory: join(this.directory, name), boot: 'b'.repeat(36), inst: 'abcdef012345' });
  }
}

const SYSTEM = { scheme: 'system', reason: 'bench' } as const;
const FOLLOW = `${PREFIX}events?follow=1&from=`;

/** The handler needs of the engine its log, and who may be told what. */
function handlerOf(log: EventLog): ApiHandler {
  const engine: Pick<Engine, 'log' | 'callers' | 'recordRead'> = {
    log,
    callers: async () => (actor) => actor,
    recordRead: async () => ({ end: async () => undefined }),
  };
  return new NativeApi().handler(engine as Engine, {} as Extensions);
}

/** 64 clients at once, each of whom waits for its own append. */
async function append(log: EventLog, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const t = String(BigInt(Date.now()) * 1_000_000n);
    const requests = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => stopRequest(done + index, { t }));
    await Promise.all(requests.map((request) => log.append(request).durable));
  }
}

function lineOf(seq: number): string {
  const { stamp, events } = stopRequest(seq);
  const t = String(BigInt(Date.now()) * 1_000_000n);
  return `${canonicalJson({ ...stamp, ...events[0], t, v: 1, sv: 1, seq, rev: 0, id: '0'.repeat(26), boot: 'b'.repeat(36), inst: 'abcdef012345' })}\n`;
}

async function listen(
  path: string,
  answer: Parameters<typeof createServer>[1] & object,
): Promise<{ readonly server: Server; readonly path: string }> {
  await rm(path, { force: true });
  const server = createServer(answer as never);
  server.listen(path);
  await once(server, 'listening');
  return { server, path };
}

interface Client {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

async function start(args: readonly string[]): Promise<Client> {
  const child = spawn(process.execPath, [CLIENT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return { child, lines };
}

async function resultOf({ lines }: Client): Promise<Seen> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('the followers ended without a word');
  return JSON.parse(value) as Seen;
}
