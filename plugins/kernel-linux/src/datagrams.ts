import { writeSync } from 'node:fs';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { DatagramCall, SocketCalls } from '@shiplog/contracts';
import { throwIfAborted } from '@shiplog/driver-kit';
import { errnoOf, kernelError } from './kernel-error.ts';
import type { LaneCall } from './lane.ts';
import { libc } from './libc.ts';
import { reportingLater } from './report.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** sun_path, with the NUL at its end (unix(7)). */
const PATH_LIMIT = 108;
/** The main thread does other work after this many bytes: about 0.1 ms. */
const SLICE = 65_536;
/** A pool thread waits this long for room in the peer's queue, in milliseconds; a peer that reads makes some within microseconds. */
const POLL_MS = 10;
/** Then it is looked at this often, and no thread waits: servers that hang would take the whole pool. */
const LOOK_MS = 100;
/** A peer that makes no room for so long fails. */
const PATIENCE_MS = 10_000;

/** Calls of datagrams that never wait take microseconds, and a message to a kernel thread costs as much: they are made on the main thread. */
export function socketCalls(call: LaneCall): SocketCalls {
  return {
    bind: (address, namespace) => call('bindSockets', address, namespace),
    sendDatagrams: (datagrams) => reportingLater(() => sendDatagrams(datagrams)),
  };
}

async function sendDatagrams({ path, datagrams, large, signal }: DatagramCall): Promise<void> {
  if (Buffer.byteLength(path) >= PATH_LIMIT || path.includes('\0')) throw kernelError('connect', 'ENAMETOOLONG', { path });
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    // Connected, so that poll(2) looks at the peer's queue and not at ours.
    libc.connect(fd, socketAddress(path), { path });
    let bytes = 0;
    for (const datagram of datagrams) {
      const send = (): void => sendOne(fd, datagram, large === 'memfd', path);
      if (!isTaken(send)) await whenTaken(send, fd, signal);
      bytes += datagram.length;
      if (bytes < SLICE) continue;
      bytes = 0;
      await turn();
      throwIfAborted(signal);
    }
  } finally {
    libc.close(fd);
  }
}

function sendOne(fd: number, datagram: Uint8Array, asFile: boolean, path: string): void {
  try {
    libc.sendNow(fd, datagram, { path });
  } catch (error) {
    // More than the sender's buffer holds (net.core.wmem_default).
    if (!asFile || errnoOf(error) !== 'EMSGSIZE') throw error;
    passFile(fd, datagram, path);
  }
}

function passFile(fd: number, content: Uint8Array, path: string): void {
  const file = libc.memoryFile('datagram');
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    libc.seal(file);
    libc.passNow(fd, file, { path });
  } finally {
    libc.close(file);
  }
}

/** False when the peer's queue is full. */
function isTaken(send: () => void): boolean {
  try {
    send();
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return false;
    throw error;
  }
}

async function whenTaken(send: () => void, fd: number, signal: AbortSignal | undefined): Promise<void> {
  const began = performance.now();
  for (;;) {
    throwIfAborted(signal);
    await libc.writableLater(fd, POLL_MS);
    if (isTaken(send)) return;
    const waited = performance.now() - began;
    // Others may fill what room there was before this one does.
    if (waited < POLL_MS) continue;
    if (waited >= PATIENCE_MS) return send();
    await sleep(LOOK_MS);
  }
}

/** A sockaddr_un (unix(7)). */
function socketAddress(path: string): Uint8Array {
  const bytes = Buffer.alloc(2 + PATH_LIMIT);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.write(path, 2);
  return bytes;
}
