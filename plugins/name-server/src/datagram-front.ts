import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Responder } from './responder.ts';

/** Bytes of answers that may wait for the kernel. */
const MOST_WAITING = 1 << 20;

/** Answers at a bound UDP socket, which is its own from here on, also when this throws. */
export function datagramFront(fd: number, responder: Pick<Responder, 'respond'>): AsyncDisposable {
  const socket = createSocket('udp4');
  let open = true;
  // An answer that cannot be sent is one that was lost.
  socket.on('error', () => undefined);
  socket.on('message', async (message, { address, port }) => {
    const answer = await responder.respond(message, 'udp');
    // Who has raw sockets asks from port 0, which none can be sent to.
    if (answer === undefined || !open || port === 0 || socket.getSendQueueSize() > MOST_WAITING) return;
    socket.send(answer, port, address, () => undefined);
  });
  try {
    socket.bind({ fd });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  socket.unref();
  return {
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
