import { createSocket } from 'node:dgram';
import { on, once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { addAbortSignal } from 'node:stream';
import type { Transport } from './message.ts';
import { framed, messagesOf } from './framing.ts';

const LARGEST_RESPONSE = 0xffff;

/** One question for one server. */
export interface Exchange {
  readonly address: string;
  readonly port: number;
  readonly message: Uint8Array;
  /** Whether that which came answers it; all else is passed over. */
  readonly answers: (response: Uint8Array) => boolean;
  readonly signal: AbortSignal;
}

/** What the server answers, over a socket of its own (RFC 5452, 9.2); undefined if it goes without an answer. Throws the socket's error, or that of the signal. */
export const exchange: { readonly [transport in Transport]: (call: Exchange) => Promise<Uint8Array | undefined> } = {
  async udp({ address, port, message, answers, signal }) {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4').unref();
    try {
      socket.connect(port, address);
      await once(socket, 'connect', { signal });
      const arrivals: AsyncIterable<readonly Uint8Array[]> = on(socket, 'message', { signal });
      socket.send(message);
      for await (const [response] of arrivals) if (response !== undefined && answers(response)) return response;
      return undefined;
    } finally {
      socket.close();
    }
  },

  async tcp({ address, port, message, answers, signal }) {
    const connection = addAbortSignal(signal, connect({ host: address, port })).unref();
    try {
      connection.write(framed(message));
      for await (const response of messagesOf(connection, LARGEST_RESPONSE)) if (answers(response)) return response;
      return undefined;
    } finally {
      connection.destroy();
    }
  },
};
