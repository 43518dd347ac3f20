import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { collectRemains, KeyedLock, signingKey } from '@shiplog/driver-kit';
import {
  cosigner,
  formatVerifierKey,
  judgeCheckpoint,
  parseAddCheckpoint,
  parseUtf8,
  type Signer,
  TlogError,
  type VerifierKey,
  verifierKey,
} from '@shiplog/tlog';
import { WitnessedLogs } from './witnessed-logs.ts';

/** A request has a checkpoint and 63 hashes: 6 KB. With signatures of others, more. */
const MAX_BODY = 256 * 1024;
const BODY_TIMEOUT_MS = 10_000;

export interface WitnessOptions {
  /** Keeps the witness's key and what it cosigned. Made if need be, 0700. */
  readonly directory: string;
  /** The witness's name: a URL without scheme, such as `witness.example/log`. */
  readonly name: string;
  /** Keys of the logs it knows, whose names are the logs' origins. */
  readonly logs: readonly VerifierKey[];
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Seconds since the epoch; the host's clock if absent. */
  readonly seconds?: () => number;
  /** Told of what failed here, such as a full disk; the log that asked gets status 500 and may ask again. */
  readonly failed?: (error: unknown) => void;
}

/**
 * A witness: an HTTP server of `POST /add-checkpoint` (C2SP tlog-witness). It cosigns a log's checkpoint if it follows from the one it
 * cosigned before, and keeps it on disk before it answers: so a log that shows two histories needs two witnesses that forget. Checking and
 * keeping are one step for each log.
 */
export class Witness implements AsyncDisposable {
  /** Its public key, for those who check proofs. */
  readonly vkey: string;
  readonly url: string;
  readonly #server: Server;

  private constructor(vkey: string, server: Server) {
    this.vkey = vkey;
    this.#server = server;
    const { address, port, family } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Throws SIGNING_KEY_INVALID, CHECKPOINT_CONFLICT, or what listening throws. */
  static async start({ directory, name, logs, host, port, seconds = () => Date.now() / 1000, failed }: WitnessOptions): Promise<Witness> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await collectRemains(directory);
    const key = await signingKey(join(directory, 'key.pem'));
    const signer = cosigner(name, key, seconds);
    const known = await WitnessedLogs.open(directory, logs);
    const turns = new KeyedLock();
    const server = createServer({ requestTimeout: BODY_TIMEOUT_MS }, (request, response) => {
      answer(request, response, known, turns, signer).catch((error: unknown) => {
        failed?.(error);
        if (!response.headersSent) reply(response, 500, 'the witness failed; it kept nothing\n');
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return new Witness(formatVerifierKey(verifierKey('cosignature', name, key)), server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await closed;
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  logs: WitnessedLogs,
  turns: KeyedLock,
  signer: Signer,
): Promise<void> {
  if (request.url !== '/add-checkpoint') return reply(response, 404, 'this is a witness: POST /add-checkpoint\n');
  if (request.method !== 'POST') return reply(response, 405, 'add-checkpoint answers POST\n');
  const body = await bodyOf(request);
  if (body === undefined) return reply(response, 413, `a request has at most ${MAX_BODY} bytes\n`);
  let text: string;
  let origin: string;
  try {
    text = parseUtf8(body, 'the request');
    origin = parseAddCheckpoint(text).checkpoint.origin;
  } catch (error) {
    if (error instanceof TlogError) return reply(response, 400, `${error.message}\n`);
    throw error;
  }
  await turns.run(origin, async () => {
    const judged = judgeCheckpoint(text, (name) => logs.find(name), [signer]);
    if (judged.status !== 200) return reply(response, judged.status, judged.body, judged.type);
    await logs.keep(judged.checkpoint, judged.note);
    reply(response, 200, judged.cosign());
  });
}

function reply(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Undefined if it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
