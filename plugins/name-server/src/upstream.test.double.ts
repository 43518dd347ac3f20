import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import { decode, encode, RECURSION_AVAILABLE } from 'dns-packet';
import { framed, messagesOf } from './framing.ts';
import { RCODE, type Transport } from './message.ts';

export interface Asked {
  readonly transport: Transport;
  readonly message: Buffer;
  /** Where from, as `address:port`. */
  readonly from: string;
}

/** A name server for the rest of the world. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** What it was asked, in order. */
  readonly asked: readonly Asked[];
}

export interface UpstreamOptions {
  readonly address?: string;
  /** Any that is free if absent. */
  readonly port?: number;
  /** What it sends for a question, one after the other; {@link knowledgeable} if absent. */
  readonly answer?: (asked: Asked) => readonly Uint8Array[];
}

/** Knows 192.0.2.1 for every name but those that begin with `absent`. */
export function knowledgeable({ message }: Asked): readonly Uint8Array[] {
  const { id = 0, questions = [] } = decode(message);
  const [question] = questions;
  const absent = question?.name.startsWith('absent') === true;
  const flags = RECURSION_AVAILABLE | (absent ? 3 : RCODE.noError);
  const name = question?.name ?? '.';
  return [encode({ type: 'response', id, flags, questions, answers: absent ? [] : [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }] })];
}

/** Says the code and nothing else. */
export const saying =
  (code: number) =>
  ({ message }: Asked): readonly Uint8Array[] => {
    const { id = 0, questions = [] } = decode(message);
    return [encode({ type: 'response', id, flags: code, questions })];
  };

/** Listens for datagrams and streams. Throws EADDRINUSE. */
export async function startUpstream({ address = '127.0.0.1', port = 0, answer = knowledgeable }: UpstreamOptions = {}): Promise<Upstream> {
  await using opened = new AsyncDisposableStack();
  const asked: Asked[] = [];
  const respond = (transport: Transport, bytes: Uint8Array, from: string): readonly Uint8Array[] => {
    const question = { transport, message: Buffer.from(bytes), from };
    asked.push(question);
    return answer(question);
  };
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  opened.defer(() => void udp.close());
  udp.bind(port, address);
  await once(udp, 'listening');
  const found = udp.address().port;
  udp.on('message', (bytes, from) => {
    for (const response of respond('udp', bytes, `${from.address}:${from.port}`)) udp.send(response, from.port, from.address);
  });
  const connections = new Set<Socket>();
  const tcp = createServer(async (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    try {
      for await (const bytes of messagesOf(connection, 0xffff)) {
        for (const response of respond('tcp', bytes, `${connection.remoteAddress}:${connection.remotePort}`))
          connection.write(framed(response));
      }
    } catch {
      connection.destroy();
    }
  });
  tcp.listen(found, address);
  await once(tcp, 'listening');
  opened.defer(async () => {
    const closed = once(tcp, 'close');
    tcp.close();
    for (const connection of connections) connection.destroy();
    await closed;
  });
  const resources = opened.move();
  return { port: found, asked, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
