import { chmod, mkdir, unlink } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type Actor, type ApiHandler, type Kernel, ShiplogError } from '@shiplog/contracts';
import { type Host, hostText } from './hosts.ts';
import { tcpPeer, tlsPeer, unixPeer } from './identity.ts';

// Not by `import`: an ES module of node:http evaluates every export, among them a whole other HTTP client, 15 MB of it.
const http = process.getBuiltinModule('node:http');

/** Sockets that listen. */
export interface ApiServer {
  /** Takes no new connections, and resolves when those there are have been answered. */
  finish(): Promise<void>;
  /** Takes no new connections, and ends those there are. */
  close(): Promise<void>;
}

/** Own certificate and key, and the authority that signs clients' certificates: PEM. */
export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What the server needs beside the APIs. */
export interface ServeOptions {
  readonly kernel: Kernel;
  /** For TCP hosts: clients without a certificate of this authority are turned away in the handshake. Absent: no TLS. */
  readonly tls?: TlsMaterial;
}

/**
 * Serves APIs on every host: unix sockets with mode 0660, TCP with TLS. Who calls is asked once a connection: of the
 * kernel (SO_PEERCRED, unix(7)), or of the client's certificate. Throws CONFIG_INVALID, and listens nowhere then, for
 * a unix socket that something still answers on (a dead one is replaced) and for an address that cannot be had.
 */
export async function serve(hosts: readonly Host[], apis: readonly ApiHandler[], options: ServeOptions): Promise<ApiServer> {
  const servers: ApiServer[] = [];
  try {
    for (const host of hosts) servers.push(await serveHost(host, apis, options));
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
  return {
    async finish() {
      await Promise.all(servers.map((server) => server.finish()));
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

// Uploads take as long as they take; `headersTimeout` still ends clients that never finish asking.
const HTTP_OPTIONS = { requestTimeout: 0, keepAliveTimeout: 60_000 } as const;

async function serveHost(host: Host, apis: readonly ApiHandler[], { kernel, tls }: ServeOptions): Promise<ApiServer> {
  const actors = new WeakMap<Duplex, Promise<Actor>>();
  const connections = new Set<Duplex>();
  const secure = host.kind === 'tcp' && tls !== undefined;
  const server = secure
    ? process
        .getBuiltinModule('node:https')
        .createServer({ ...HTTP_OPTIONS, ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' })
    : http.createServer(HTTP_OPTIONS);
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    if (secure) return;
    const actor = host.kind === 'unix' ? unixPeer(kernel, socket) : Promise.resolve(tcpPeer(socket));
    // A peer that cannot be known is not answered; it is known to whoever asks for it below.
    actor.catch(() => socket.destroy());
    actors.set(socket, actor);
  });
  server.on('secureConnection', (socket: TLSSocket) => actors.set(socket, Promise.resolve(tlsPeer(socket))));
  const withActor = (socket: Duplex, then: (actor: Actor) => void): void => {
    actors.get(socket)?.then(then, () => socket.destroy());
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    withActor(request.socket, (actor) => {
      if (!apis.some((api) => api.request(request, response, actor))) {
        response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message":"page not found"}\n');
      }
    }),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    withActor(request.socket, (actor) => {
      if (!apis.some((api) => api.upgrade(request, socket, head, actor)))
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    }),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await (host.kind === 'unix' ? listenOnPath(server, host.path) : listenOnPort(server, host));
  const finish = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  return {
    finish,
    async close() {
      const closed = finish();
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

async function listenOnPath(server: Server, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (await answers(path))
    throw new ShiplogError('CONFIG_INVALID', `something listens on ${path} already; stop it or give another --docker-socket`, { path });
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Nobody may connect between bind and chmod.
    const mask = process.umask(0o117);
    server.listen(path, () => resolve());
    process.umask(mask);
  });
  await chmod(path, 0o660);
}

async function listenOnPort(server: Server, host: Extract<Host, { readonly kind: 'tcp' }>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ShiplogError('CONFIG_INVALID', `cannot listen on ${hostText(host)}: ${error.message}`, { errno: error.code }, { cause: error }),
      ),
    );
    server.listen({ host: host.address, port: host.port }, () => resolve());
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}
