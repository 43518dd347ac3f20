import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** What may pass between two places. */
export type Transport = 'tcp' | 'udp';

/** Answers every connection and datagram with the address it came from. argv: transport, port. */
const SERVER = `
const [transport, port] = process.argv.slice(1);
const ready = () => console.log('ready');
if (transport === 'tcp') {
  require('node:net').createServer((c) => { c.on('error', () => undefined); c.end(c.remoteAddress); }).listen(Number(port), '0.0.0.0', ready);
} else {
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (_, from) => socket.send(from.address, from.port, from.address));
  socket.bind(Number(port), '0.0.0.0', ready);
}`;

/** Prints what the server says, or nothing when it cannot be reached in time. argv: transport, host, port, milliseconds. */
const CLIENT = `
const [transport, host, port, limit] = process.argv.slice(1);
const end = (text) => { process.stdout.write(text, () => process.exit(0)); };
setTimeout(() => end(''), Number(limit));
if (transport === 'tcp') {
  let text = '';
  const c = require('node:net').connect(Number(port), host);
  c.on('data', (d) => (text += d)).on('end', () => end(text)).on('error', () => end(''));
} else {
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (m) => end(String(m))).on('error', () => end(''));
  socket.send('?', Number(port), host);
}`;

/** How long something that must not arrive is waited for. */
const SILENCE_MS = 700;
const ANSWER_MS = 5000;

/** Runs node with a program, in the namespace file given or on the host. */
function node(namespace: string | undefined, program: string, args: readonly string[]): ChildProcess {
  const command = [process.execPath, '-e', program, '--', ...args];
  const full = namespace === undefined ? command : ['nsenter', `--net=${namespace}`, ...command];
  return spawn(full[0] ?? '', full.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A server that a test started. */
export interface Server {
  stop(): Promise<void>;
}

/** Starts a server at `port`, in the namespace given or on the host; resolves when it listens. */
export async function serve(namespace: string | undefined, transport: Transport, port: number): Promise<Server> {
  const child = node(namespace, SERVER, [transport, String(port)]);
  const ended = once(child, 'close');
  assert.ok(child.stdout !== null);
  const started = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  assert.ok(started, `no server could be started on port ${port}`);
  return {
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ask(namespace: string | undefined, transport: Transport, host: string, port: number, limitMs: number): Promise<string> {
  const child = node(namespace, CLIENT, [transport, host, String(port), String(limitMs)]);
  const ended = once(child, 'close');
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  await ended;
  return text;
}

/** Asks a server and answers the address it saw. Fails when there is no answer. */
export async function reach(namespace: string | undefined, transport: Transport, host: string, port: number): Promise<string> {
  const seen = await ask(namespace, transport, host, port, ANSWER_MS);
  assert.notEqual(seen, '', `${host}:${port}/${transport} did not answer`);
  return seen;
}

/** Fails when the server answers. */
export async function cannotReach(namespace: string | undefined, transport: Transport, host: string, port: number): Promise<void> {
  const seen = await ask(namespace, transport, host, port, SILENCE_MS);
  assert.equal(seen, '', `${host}:${port}/${transport} answered, and must not`);
}
