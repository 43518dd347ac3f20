import type { Exchange } from './exchange.ts';
import { beginStream, writeChunk } from './reply.ts';

/** Answers with a stream as fast as the client takes it. One who goes away ends the stream; an error in the middle ends the connection. */
export async function sendStream(
  { response, gone }: Pick<Exchange, 'response' | 'gone'>,
  contentType: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<void> {
  beginStream(response, contentType);
  for await (const chunk of stream) {
    if (gone.aborted) break;
    await writeChunk(response, chunk, gone);
  }
  response.end();
}
