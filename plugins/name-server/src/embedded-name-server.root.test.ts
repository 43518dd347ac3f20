import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart } from '@shiplog/conformance/network';
import { type NameSource, ShiplogError } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import { MOST_A_SECOND } from './allowance.ts';
import { EmbeddedNameServer } from './index.ts';
import { knowing, question } from './questions.test.util.ts';
import { startUpstream, type Upstream } from './upstream.test.double.ts';

interface Context {
  directory: string;
  namespace: string;
  servers: EmbeddedNameServer;
}

const run = promisify(execFile);
const kernel = createKernel();

/** What dig(1) prints of a question asked in `namespace`; its options come last. */
async function dig(namespace: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run('nsenter', [`--net=${namespace}`, 'dig', '@127.0.0.11', '+tries=1', '+time=20', ...args]);
  return stdout;
}

const short = async (namespace: string, ...args: readonly string[]): Promise<readonly string[]> =>
  (await dig(namespace, '+short', ...args)).split('\n').filter(Boolean).toSorted();

/** Sockets that this process has open, by what the kernel calls them. */
async function ownSockets(): Promise<readonly string[]> {
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => 'closed')));
  return links.filter((link) => link.startsWith('socket:')).toSorted();
}

/** UDP and TCP sockets of a namespace, whoever has them. */
async function socketsIn(namespace: string): Promise<number> {
  const { stdout } = await run('nsenter', [`--net=${namespace}`, 'cat', '/proc/net/udp', '/proc/net/tcp']);
  return stdout.split('\n').filter((line) => line.includes('0B00007F:')).length;
}

if (await apart(import.meta.filename)) {
  const test = suite<Context>('name server: in namespaces');

  test.before(async () => kernel.links.up('lo'));
  test.before.each(async (context) => {
    context.directory = await mkdtemp(join(tmpdir(), 'shiplog-names-'));
    context.namespace = join(context.directory, 'net');
    await kernel.namespaces.createNetwork(context.namespace);
    context.servers = new EmbeddedNameServer(kernel);
  });
  test.after.each(async ({ directory, namespace, servers }) => {
    await servers[Symbol.asyncDispose]();
    await kernel.namespaces.removeNetwork(namespace);
    await rm(directory, { recursive: true, force: true });
  });

  test('given a container that is served, when dig asks at port 53, then it has what the source knows, by datagrams and by streams', async ({
    namespace,
    servers,
  }) => {
    await servers.serve('c', namespace, knowing());
    for (const transport of ['+notcp', '+tcp']) {
      assert.equal(await short(namespace, transport, 'WEB.'), ['10.1.0.2', '10.1.0.3']);
      assert.equal(await short(namespace, transport, '-x', '10.1.0.2'), ['web.']);
      const empty = await dig(namespace, transport, 'web', 'AAAA');
      assert.match(empty, /status: NOERROR/);
      assert.match(empty, /flags: qr rd ra;.*ANSWER: 0/);
      const refused = await dig(namespace, transport, 'elsewhere.example');
      assert.match(refused, /status: REFUSED/);
      assert.match(refused, /flags: qr rd;/);
      assert.match(await dig(namespace, transport, '-c', 'CH', 'version.bind', 'TXT'), /status: NOTIMP/);
    }
    const { stdout } = await run('nsenter', [`--net=${namespace}`, 'busybox', 'nslookup', 'web', '127.0.0.11']);
    assert.match(stdout, /10\.1\.0\.2[\s\S]*10\.1\.0\.3|10\.1\.0\.3[\s\S]*10\.1\.0\.2/);
  });
  test('given a container that asks without pause, when the kernel has let through what a second has room for, then it keeps the rest', async ({
    namespace,
    servers,
  }) => {
    let heard = 0;
    const source: NameSource = { ...knowing(), addressesOf: () => (heard++, ['10.1.0.2']) };
    await servers.serve('c', namespace, source);
    const script = `
import socket, sys, time
question = bytes.fromhex(sys.argv[1])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
refused, sent, end = 0, 0, time.monotonic() + 2
while time.monotonic() < end:
    try:
        s.sendto(question, ('127.0.0.11', 53)); sent += 1
    except PermissionError:
        refused += 1
print(sent, refused)`;
    const began = performance.now();
    const { stdout } = await run('nsenter', [`--net=${namespace}`, 'python3', '-c', script, question('web', 'A').toString('hex')]);
    const seconds = (performance.now() - began) / 1000;
    const [sent = 0, refused = 0] = stdout.split(' ').map(Number);
    assert.ok(refused > sent, stdout);
    assert.ok(heard > 0 && heard <= MOST_A_SECOND * (seconds + 1), `${heard} in ${seconds} s`);
  });

  test('given servers for other names that the host reaches, when a container asks for one, then it has their answer', async ({
    namespace,
    servers,
  }) => {
    const upstreams: Upstream[] = [];
    try {
      for (const address of ['127.0.0.1', '::1']) upstreams.push(await startUpstream({ address, port: 53 }));
      for (const address of ['127.0.0.1', '::1']) {
        await servers.serve('c', namespace, knowing([address]));
        for (const transport of ['+notcp', '+tcp']) {
          assert.equal(await short(namespace, transport, 'elsewhere.example'), ['192.0.2.1']);
          assert.match(await dig(namespace, transport, 'absent.example'), /status: NXDOMAIN/);
        }
      }
      assert.equal(
        upstreams.map(({ asked }) => asked.map(({ transport }) => transport)),
        [
          ['udp', 'udp', 'tcp', 'tcp'],
          ['udp', 'udp', 'tcp', 'tcp'],
        ],
      );
    } finally {
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
    }
  });

  test('given a container that serves port 53 of every address itself, when names are asked for, then both are reached', async ({
    namespace,
    servers,
  }) => {
    await kernel.links.up('lo');
    await servers.serve('c', namespace, knowing());
    const own = `
      const udp = require('node:dgram').createSocket('udp4').bind(53, '0.0.0.0', () =>
        require('node:net').createServer().listen(53, '0.0.0.0', () => console.log('ready')));
      udp.on('message', (question, { port, address }) => {
        const answer = Buffer.from(question);
        answer.writeUInt16BE(0x8003, 2);
        udp.send(answer, port, address);
      });
    `;
    const child = execFile('nsenter', [`--net=${namespace}`, process.execPath, '-e', own]);
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout?.once('data', () => resolve());
        child.once('exit', () => reject(new Error('the server of the container ended')));
      });
      assert.equal(await short(namespace, 'web'), ['10.1.0.2', '10.1.0.3']);
      assert.equal(await short(namespace, '+tcp', 'web'), ['10.1.0.2', '10.1.0.3']);
      const { stdout } = await run('nsenter', [`--net=${namespace}`, 'dig', '@127.0.0.1', '+noedns', '+tries=1', '+time=20', 'web']);
      assert.match(stdout, /status: NXDOMAIN/);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('given a container that is served, when it is served again, then the new source answers, and nothing of the old one is left', async ({
    namespace,
    servers,
  }) => {
    await servers.serve('c', namespace, knowing());
    await servers.serve('c', namespace, { ...knowing(), addressesOf: () => ['10.9.9.9'] });
    assert.equal(await short(namespace, 'web'), ['10.9.9.9']);
    assert.is(await socketsIn(namespace), 2);
    // As another engine does once the first is gone.
    await servers[Symbol.asyncDispose]();
    await using next = new EmbeddedNameServer(kernel);
    await next.serve('c', namespace, knowing());
    assert.equal(await short(namespace, '+tcp', 'web'), ['10.1.0.2', '10.1.0.3']);
    const { stdout } = await run('nsenter', [`--net=${namespace}`, 'nft', 'list', 'ruleset']);
    assert.is(stdout.match(/dnat to 127\.0\.0\.11/g)?.length, 2);
  });

  test('given containers that are served, when one is no more, then its namespace is free and the other is answered', async ({
    directory,
    namespace,
    servers,
  }) => {
    const other = join(directory, 'other');
    await kernel.namespaces.createNetwork(other);
    try {
      const before = await ownSockets();
      await servers.serve('c', namespace, knowing());
      await servers.serve('d', other, knowing());
      assert.is((await ownSockets()).length, before.length + 4);
      await servers.end('d');
      assert.is((await ownSockets()).length, before.length + 2);
      assert.is(await socketsIn(other), 0);
      await servers.end('d');
      await servers.end('never');
      assert.equal(await short(namespace, 'web'), ['10.1.0.2', '10.1.0.3']);
      await servers.end('c');
      assert.equal(await ownSockets(), before);
    } finally {
      await kernel.namespaces.removeNetwork(other);
    }
  });

  test('given a namespace that is not there, or rules that the kernel refuses, when it is served, then it fails and nothing stays', async ({
    directory,
    namespace,
  }) => {
    const failing = new EmbeddedNameServer({
      ...kernel,
      sockets: kernel.sockets,
      firewall: {
        list: (command) => kernel.firewall.list(command),
        apply: (_, at) => kernel.firewall.apply('no such command', at),
      },
    });
    const before = await ownSockets();
    for (const [servers, at] of [
      [failing, namespace],
      [new EmbeddedNameServer(kernel), join(directory, 'none')],
    ] as const) {
      const error: unknown = await servers.serve('c', at, knowing()).catch((reason: unknown) => reason);
      assert.is(error instanceof ShiplogError && error.code, 'KERNEL_CALL_FAILED');
    }
    assert.equal(await ownSockets(), before);
    assert.is(await socketsIn(namespace), 0);
  });

  test('given a question from port 0, when it is answered, then that does no harm', async ({ namespace, servers }) => {
    await servers.serve('c', namespace, knowing());
    const raw = `
import socket, struct, sys
question = bytes.fromhex(sys.argv[1])
port = int([line for line in open('/proc/net/udp') if '0B00007F:' in line][0].split()[1].split(':')[1], 16)
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).sendto(struct.pack('!HHHH', 0, port, 8 + len(question), 0) + question, ('127.0.0.11', 0))
`;
    await run('nsenter', [`--net=${namespace}`, 'python3', '-c', raw, question('web').toString('hex')]);
    assert.equal(await short(namespace, 'web'), ['10.1.0.2', '10.1.0.3']);
  });

  test.run();
}
