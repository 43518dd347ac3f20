import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import type { Address } from './address.ts';

/** A way to a syslog server. */
export interface Connection {
  /** Resolves once the kernel has them; what a stream's server has really read nobody tells (syslog has no answers). */
  send(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
  /** Resolves when the server has ended its side too, for which it has read all; one that does not is left after a second. */
  close(): Promise<void>;
}

export interface Tls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly skipVerify: boolean;
}

const CONNECT_MS = 10_000;
/** Milliseconds that a server has for ending its side. What the next connection brings must not come before the rest of this one. */
const END_MS = 1000;

/** Connects. Octet counting frames messages on TLS streams if they are RFC 5424 (RFC 5425), a newline ends them otherwise. */
export async function open(kernel: Kernel, address: Address, tls: Tls, counted: boolean): Promise<Connection> {
  if ('path' in address) return openUnix(kernel, address.path, address.protocol === 'unix');
  if (address.protocol === 'udp') return openUdp(address.host, address.port);
  const { host, port } = address;
  if (address.protocol === 'tcp') return stream(connect({ host, port }), 'connect', false);
  const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map((path) => (path === undefined ? undefined : readFile(path))));
  const socket = connectTls({ host, port, ca, cert, key, rejectUnauthorized: !tls.skipVerify, servername: host });
  return stream(socket, 'secureConnect', counted);
}

/** The host's socket takes datagrams; some servers have a stream instead. */
async function openUnix({ sockets }: Kernel, path: string, orStream: boolean): Promise<Connection> {
  let through: Connection | undefined;
  return {
    async send(messages, signal) {
      if (through !== undefined) return through.send(messages, signal);
      try {
        await sockets.sendDatagrams({ path, datagrams: messages, signal });
      } catch (error) {
        // Nothing was sent then.
        if (!orStream || !(error instanceof ShiplogError) || error.facts['errno'] !== 'EPROTOTYPE') throw error;
        through = await stream(connect({ path }), 'connect', false);
        await through.send(messages, signal);
      }
    },
    close: async () => through?.close(),
  };
}

async function openUdp(host: string, port: number): Promise<Connection> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  socket.unref();
  return {
    async send(messages) {
      for (const bytes of messages)
        await new Promise<void>((resolve, reject) =>
          socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error))),
        );
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function stream(socket: Socket, connected: 'connect' | 'secureConnect', counted: boolean): Promise<Connection> {
  let broken: Error | undefined;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    socket.once(connected, () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', (error) => {
      broken = error;
      clearTimeout(timer);
      reject(error);
    });
  });
  // A server that ends the connection takes no more.
  socket.on('close', () => (broken ??= new Error('the server closed the connection')));
  socket.resume();
  socket.unref();
  const frame = (bytes: Buffer): Buffer =>
    counted ? Buffer.concat([Buffer.from(`${bytes.length} `), bytes]) : Buffer.concat([bytes, Buffer.from('\n')]);
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        const closed = (): void => reject(broken ?? new Error('the connection ended'));
        socket.once('close', closed);
        socket.write(Buffer.concat(messages.map(frame)), (error) => {
          socket.off('close', closed);
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve();
        socket.ref();
        const timer = setTimeout(() => socket.destroy(), END_MS);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        socket.end();
      }),
  };
}
