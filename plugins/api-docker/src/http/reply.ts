import type { ServerResponse } from 'node:http';
import type { ShiplogError } from '@shiplog/contracts';
import { messageOf, statusOf } from './status.ts';

/** Answers with a JSON document. The content type has no parameters: Docker's Go client compares it as a string. */
export function json(response: ServerResponse, status: number, document: unknown): void {
  const body = Buffer.from(`${JSON.stringify(document)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/** Answers without a body. */
export function empty(response: ServerResponse, status: number): void {
  response.writeHead(status, status === 204 || status === 304 ? {} : { 'Content-Length': 0 });
  response.end();
}

/** Answers with an error: its status, and `{"message"}` (nothing for 304). Ends the connection when an answer has begun. */
export function failure(response: ServerResponse, error: ShiplogError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = statusOf(error);
  if (status === 304) empty(response, status);
  else json(response, status, { message: messageOf(error) });
}

/** Sends headers at once; a body may follow much later. */
export function beginStream(response: ServerResponse, contentType: string): void {
  response.writeHead(200, { 'Content-Type': contentType });
  response.flushHeaders();
}

/** Writes and waits until more may be written, or the client is gone. */
export async function writeChunk(response: ServerResponse, data: Uint8Array | string, gone: AbortSignal): Promise<void> {
  if (gone.aborted || response.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      response.off('drain', settle);
      gone.removeEventListener('abort', settle);
      resolve();
    };
    response.on('drain', settle);
    gone.addEventListener('abort', settle);
    if (gone.aborted) settle();
  });
}
