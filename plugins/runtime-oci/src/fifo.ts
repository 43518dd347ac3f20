import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Writes into a FIFO that somebody reads. Fails ENXIO rather than waits when nobody does. */
export async function writeFifo(path: string, text: string): Promise<void> {
  const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    await fifo.write(text);
  } finally {
    await fifo.close();
  }
}
