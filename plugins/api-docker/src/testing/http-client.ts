import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  readonly body?: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** Asks over a unix socket and reads the whole answer. A body is JSON unless its headers say otherwise. */
export async function ask(socketPath: string, method: string, path: string, question: Question = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { ...(question.body === undefined ? {} : { 'Content-Type': 'application/json' }), ...question.headers };
  const asked = request({ socketPath, method, path, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
    );
    response.on('error', reject);
  });
  asked.on('error', reject);
  asked.end(question.body);
  return promise;
}

/** Sends pieces of raw bytes, a moment apart, ends its side after the last, and reads until the server ends. */
export async function talk(socketPath: string, pieces: readonly string[]): Promise<Buffer> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('end', resolve);
    socket.on('error', reject);
  });
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.end();
  await ended;
  return Buffer.concat(chunks);
}
