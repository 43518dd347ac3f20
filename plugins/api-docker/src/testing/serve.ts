import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor } from '@shiplog/contracts';
import { DockerHandler } from '../handler.ts';
import { Router } from '../http/router.ts';
import { ROUTES } from '../routes/table.ts';
import { FakeEngine } from './fake-engine.ts';

/** The API over a fake engine on a unix socket of its own. */
export interface TestServer extends AsyncDisposable {
  readonly engine: FakeEngine;
  readonly socketPath: string;
}

const ACTOR: Actor = { scheme: 'unix', uid: 1000, gid: 1000, pid: 77 };

/** Serves until disposed; who asks is `actor`. */
export async function serve(actor: Actor = ACTOR): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'api-docker-'));
  const socketPath = join(directory, 'docker.sock');
  const engine = new FakeEngine();
  const handler = new DockerHandler(engine, new Router(ROUTES));
  const server = createServer((request, response) => void handler.request(request, response, actor));
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => void handler.upgrade(request, socket, head, actor));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    engine,
    socketPath,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(directory, { recursive: true });
    },
  };
}
