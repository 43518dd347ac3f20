import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { claim } from './claim.ts';

/** Below those that the kernel gives to whoever asks for any (ip(7), ip_local_port_range): nobody is given one before it is bound. */
const PORTS = { first: 20_000, count: 12_000 };

/**
 * A TCP port of 127.0.0.1 on which nothing listens, for a program that cannot say which one it was given. Nobody else who asks here is given it while this process lives.
 * Throws where none is left.
 */
export async function freePort({ first, count } = PORTS): Promise<number> {
  const left = Array.from({ length: count }, (_, number) => first + number);
  while (left.length > 0) {
    const [port = 0] = left.splice(randomInt(left.length), 1);
    if ((await claim(`port ${port}`)) && (await isFree(port))) return port;
  }
  throw new Error(`none of ${count} ports is free, from ${first} on`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
