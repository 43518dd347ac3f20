import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { type Actor, type ApiHandler, type Kernel, ShiplogError } from '@shiplog/contracts';

/** A listening socket. */
export interface ApiServer {
  /** Takes no new connections, and resolves when those there are have been answered. */
  finish(): Promise<void>;
  /** Takes no new connections, and ends those there are. */
  close(): Promise<void>;
}

/** What node keeps the descriptor of a socket in; not in its types. */
interface DescriptorHolder {
  readonly _handle?: { readonly fd?: number };
}

/**
 * Serves APIs on a unix socket of mode 0660. Who calls is what the kernel says of the connection (SO_PEERCRED, unix(7)),
 * asked once. A socket that something still answers on is refused with CONFIG_INVALID; a dead one is replaced.
 */
export async function serve(path: string, apis: readonly ApiHandler[], kernel: Kernel): Promise<ApiServer> {
  await mkdir(dirname(path), { recursive: true });
  if (await answers(path))
    throw new ShiplogError('CONFIG_INVALID', `something listens on ${path} already; stop it or give another --docker-socket`, { path });
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const actors = new WeakMap<Duplex, Promise<Actor>>();
  const connections = new Set<Duplex>();
  const actorOf = (socket: Duplex): Promise<Actor> => actors.get(socket) ?? Promise.resolve(UNATTESTED);

  // Uploads take as long as they take; `headersTimeout` still ends clients that never finish asking.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    actors.set(socket, attest(kernel, socket));
  });
  server.on('request', (request, response) => {
    void actorOf(request.socket).then((actor) => {
      if (!apis.some((api) => api.request(request, response, actor))) {
        response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message":"page not found"}\n');
      }
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void actorOf(request.socket).then((actor) => {
      if (!apis.some((api) => api.upgrade(request, socket, head, actor)))
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  await listen(server, path);
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

const UNATTESTED: Actor = { scheme: 'system', reason: 'unattested connection' };

async function attest(kernel: Kernel, socket: Socket & DescriptorHolder): Promise<Actor> {
  const fd = socket._handle?.fd;
  if (fd === undefined || fd < 0) return UNATTESTED;
  const { pid, uid, gid } = kernel.processes.peerCredentials(fd);
  const start = await kernel.processes.startTicks(pid);
  return { scheme: 'unix', uid, gid, pid, ...(start === undefined ? {} : { start }) };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Nobody may connect between bind and chmod.
    const mask = process.umask(0o117);
    server.listen(path, () => resolve());
    process.umask(mask);
  });
  await chmod(path, 0o660);
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
