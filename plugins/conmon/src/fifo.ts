import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Writes into a FIFO that somebody reads. Fails ENXIO rather than waits when nobody does, and EAGAIN when it is full. */
export function writeFifo(path: string, text: string): void {
  const fifo = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(fifo, text);
  } finally {
    closeSync(fifo);
  }
}
