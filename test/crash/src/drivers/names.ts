import { closeSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { type ContainerRecord, type Kernel, NAME_SERVER_ADDRESS, type StateView } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';

/** Milliseconds to wait for an answer. */
const PATIENCE_MS = 20_000;
const NO_ERROR = 0;

/** Containers that do not find themselves by name, of those that run on a network that a user made with the driver `bridge`. */
export async function containersWithoutNames(state: StateView): Promise<readonly string[]> {
  await using kernel = createKernel();
  const found: string[] = [];
  for (const container of state.containers.values()) {
    const address = namedAddress(container, state);
    if (address === undefined) continue;
    const answer = await ask(kernel, `/proc/${container.process?.pid}/ns/net`, container.name);
    if (answer !== address) found.push(`container ${container.name} is asked for at ${answer}, and is at ${address}`);
  }
  return found;
}

function namedAddress({ process, endpoints }: ContainerRecord, state: StateView): string | undefined {
  if (process === undefined) return undefined;
  const named = Object.values(endpoints).find(({ networkId }) => {
    const { driver, predefined } = state.network(networkId);
    return driver === 'bridge' && !predefined;
  });
  return named?.ipv4;
}

/** The address that the name server in a namespace has for a name (RFC 1035, 4); what is wrong with its answer, if there is none. */
async function ask(kernel: Kernel, namespace: string, name: string): Promise<string> {
  const { udp, tcp } = await kernel.sockets.bind('127.0.0.1', namespace);
  closeSync(tcp);
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', (error) => resolve(error.message));
  socket.on('message', (message) => {
    const code = message.readUInt16BE(2) & 0xf;
    resolve(code === NO_ERROR && message.readUInt16BE(6) > 0 ? [...message.subarray(-4)].join('.') : `no address (code ${code})`);
  });
  const late = setTimeout(resolve, PATIENCE_MS, 'no answer');
  try {
    socket.bind({ fd: udp });
    socket.send(question(name), 53, NAME_SERVER_ADDRESS);
    return await promise;
  } finally {
    clearTimeout(late);
    socket.close();
  }
}

/** One question for an address, recursion desired. */
function question(name: string): Buffer {
  const header = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}
