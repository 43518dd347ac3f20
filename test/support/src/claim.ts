import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Claims a name before all other tests on this host, until this process ends, however that ends: as an abstract socket (unix(7)), of which there is one of a name. False
 * where it is claimed already, by this process too.
 */
export async function claim(name: string): Promise<boolean> {
  const socket = createServer().unref();
  try {
    await once(socket.listen(`\0shiplog-test ${name}`), 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
