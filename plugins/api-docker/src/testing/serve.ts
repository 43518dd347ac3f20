import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor } from '@shiplog/contracts';
import { DockerApi } from '../docker-api.ts';
import { FakeEngine } from './fake-engine.ts';

/** The API over a fake engine on a unix socket of its own. */
export interface TestServer extends AsyncDisposable {
  readonly engine: FakeEngine;
  readonly socketPath: string;
}

const ACTOR: Actor = { scheme: 'unix', uid: 1000, gid: 1000, pid: 77 };

/** Serves until disposed. */
export async function serve(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'api-docker-'));
  const socketPath = join(directory, 'docker.sock');
  const engine = new FakeEngine();
  const handler = new DockerApi().handler(engine);
  const server = createServer((request, response) => void handler.request(request, response, ACTOR));
  server.on('upgrade', (request, socket, head) => void handler.upgrade(request, socket, head, ACTOR));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    engine,
    socketPath,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await rm(directory, { recursive: true });
    },
  };
}
