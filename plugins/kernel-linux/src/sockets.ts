import type { BoundSockets } from '@shiplog/contracts';
import { errnoOf } from './kernel-error.ts';
import { libc } from './libc.ts';
import { visit } from './visit.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** A sockaddr_in (ip(7)). */
function socketAddress(address: string, port: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** How often the port that UDP was given may be taken for TCP. */
const PORT_TRIES = 16;

/** The port that a socket has (getsockname(2)). */
function portOf(fd: number): number {
  const bytes = Buffer.alloc(16);
  libc.getsockname(fd, bytes);
  return bytes.readUInt16BE(2);
}

/** Sockets that `work` opens by `open` are closed if it throws. */
function keepingAll<T>(work: (open: (type: number, protocol: number) => number) => T): T {
  const opened: number[] = [];
  try {
    return work((type, protocol) => {
      const fd = libc.socket(AF_INET, type | SOCK_CLOEXEC, protocol);
      opened.push(fd);
      return fd;
    });
  } catch (error) {
    for (const fd of opened) libc.close(fd);
    throw error;
  }
}

function bindBoth(address: string): BoundSockets {
  return keepingAll((open) => {
    const udp = open(SOCK_DGRAM, PROTOCOLS.udp);
    libc.bind(udp, socketAddress(address, 0), { address });
    const port = portOf(udp);
    const tcp = open(SOCK_STREAM, PROTOCOLS.tcp);
    libc.bind(tcp, socketAddress(address, port), { address, port });
    return { udp, tcp, port };
  });
}

/** What runs in a kernel thread. */
export const socketOps = {
  bindSockets(address: string, namespace?: string): BoundSockets {
    return visit(namespace, () => {
      for (let tries = 1; ; tries++) {
        try {
          return bindBoth(address);
        } catch (error) {
          if (errnoOf(error) !== 'EADDRINUSE' || tries >= PORT_TRIES) throw error;
        }
      }
    });
  },

  portIsFree(protocol: 'tcp' | 'udp' | 'sctp', address: string, port: number): boolean {
    const facts = { protocol, address, port };
    let fd: number;
    try {
      fd = libc.socket(AF_INET, (protocol === 'udp' ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, PROTOCOLS[protocol]);
    } catch (error) {
      // Without the protocol nobody can listen on it.
      if (errnoOf(error) === 'EPROTONOSUPPORT' || errnoOf(error) === 'ESOCKTNOSUPPORT') return true;
      throw error;
    }
    try {
      // A port in TIME_WAIT is free for a new listener; with REUSEADDR only listen(2) tells the two apart.
      if (protocol !== 'udp') libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(new Uint32Array([1]).buffer));
      libc.bind(fd, socketAddress(address, port), facts);
      if (protocol !== 'udp') libc.listen(fd, facts);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EADDRINUSE') return false;
      throw error;
    } finally {
      libc.close(fd);
    }
  },
};
