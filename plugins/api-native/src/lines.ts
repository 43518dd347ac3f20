import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Lines are gathered up to so many bytes where nobody waits for the single one. */
const CHUNK = 32 * 1024;

/** Sends the headers of a stream of JSON lines at once, so that the client knows it is being listened to. */
export function startLines(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  response.flushHeaders();
}

/**
 * Sends one JSON line per document and waits whenever the client reads too slowly; holds at most 32 KiB of lines.
 * `live`: every line goes out at once. Stops when `gone` aborts. Does not end the response.
 */
export async function sendLines(
  response: ServerResponse,
  documents: AsyncIterable<unknown>,
  { live, gone }: { readonly live: boolean; readonly gone: AbortSignal },
): Promise<void> {
  let pending = '';
  for await (const document of documents) {
    if (gone.aborted) return;
    pending += `${JSON.stringify(document)}\n`;
    if (!live && pending.length < CHUNK) continue;
    const room = response.write(pending);
    pending = '';
    if (!room && !(await drained(response, gone))) return;
  }
  if (pending !== '') response.write(pending);
}

/** Sends lines as they come, batch by batch, and waits whenever the client reads too slowly. Stops when `gone` aborts. Does not end the response. */
export async function sendBatches(response: ServerResponse, batches: AsyncIterable<Buffer>, gone: AbortSignal): Promise<void> {
  for await (const lines of batches) {
    if (gone.aborted || (!response.write(lines) && !(await drained(response, gone)))) return;
  }
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<boolean> {
  try {
    await once(response, 'drain', { signal: gone });
    return true;
  } catch (error) {
    if (gone.aborted) return false;
    throw error;
  }
}
