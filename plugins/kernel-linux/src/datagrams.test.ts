import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import { createKernel } from './index.ts';

const kernel = createKernel();
const { sockets } = kernel;

/** A server that tells of each datagram its bytes' number and beginning, and of one in a file its seals. Before it reads, it waits for a line. */
const SERVER = `
import array, fcntl, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print('ready', flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    data, control, _, _ = server.recvmsg(1 << 20, socket.CMSG_SPACE(4))
    if control:
        fd = array.array('i', control[0][2])[0]
        print('file', fcntl.fcntl(fd, 1034), os.fstat(fd).st_size, os.pread(fd, 1 << 30, 0).count(b'x'))
    else:
        print('datagram', len(data), data[:8].decode())
sys.stdout.flush()
`;

async function startServer(path: string, count: number) {
  const child = spawn('python3', ['-c', SERVER, path, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.is((await said.next()).value, 'ready');
  return {
    read: () => void child.stdin.write('\n'),
    async heard(): Promise<string[]> {
      const lines: string[] = [];
      for (let line = await said.next(); line.done !== true; line = await said.next()) lines.push(line.value);
      return lines;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ShiplogError ? `${error.code} ${String(error.facts['errno'] ?? '')}`.trim() : String(error);
}

test('given a server that is slow to begin, when more is sent than its queue holds, then all comes, once and in order', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'socket');
  await using server = await startServer(path, 3001);
  const texts = Array.from({ length: 3000 }, (_, index) => String(index).padEnd(1000, '.'));
  let sent = false;
  const sending = sockets
    .sendDatagrams({ path, datagrams: [...texts.map((text) => Buffer.from(text)), Buffer.alloc(1 << 20, 'x')], large: 'memfd' })
    .then(() => (sent = true));
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.is(sent, false, 'it waits for room');
  server.read();
  await sending;
  // F_SEAL_SEAL, SHRINK, GROW and WRITE.
  const file = `file 15 ${1 << 20} ${1 << 20}`;
  assert.equal(await server.heard(), [...texts.map((text) => `datagram 1000 ${text.slice(0, 8)}`), file]);
});

test('given a server that never reads, when who waits for it gives up, then sending ends', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'socket');
  await using _ = await startServer(path, 1);
  const datagrams = Array.from({ length: 1000 }, () => Buffer.alloc(1000));
  const began = performance.now();
  assert.is(await failure(sockets.sendDatagrams({ path, datagrams, signal: AbortSignal.timeout(300) })), 'CANCELED');
  assert.ok(performance.now() - began < 60_000);
});

test('given no server, one of streams, a path or a datagram that is too long, when sent, then the errno says so', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'socket');
  const datagrams = [Buffer.from('x')];
  assert.is(await failure(sockets.sendDatagrams({ path, datagrams })), 'KERNEL_CALL_FAILED ENOENT');
  assert.is(await failure(sockets.sendDatagrams({ path: `/${'x'.repeat(107)}`, datagrams })), 'KERNEL_CALL_FAILED ENAMETOOLONG');
  const streams = createServer().listen(path);
  await once(streams, 'listening');
  assert.is(await failure(sockets.sendDatagrams({ path, datagrams })), 'KERNEL_CALL_FAILED EPROTOTYPE');
  streams.close();
  await once(streams, 'close');
  await using _ = await startServer(path, 1);
  assert.is(await failure(sockets.sendDatagrams({ path, datagrams: [Buffer.alloc(4 << 20)] })), 'KERNEL_CALL_FAILED EMSGSIZE');
});

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
