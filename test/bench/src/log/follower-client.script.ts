// Follows a log over a unix socket with many connections: node follower-client.script.js SOCKET PATH HEALTHY STALLED RECONNECTING LAST.
// `PATH` ends where the position goes. Prints one line of JSON when every healthy one has seen the event at LAST.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';

const [socketPath = '', path = '', healthy = '0', stalled = '0', reconnecting = '0', last = '0'] = process.argv.slice(2);
const LAST = Number(last);
const EVENT = /"seq":(\d+),"stream":"[^"]*","sv":\d+,"t":"(\d+)"/g;

let lost = 0;
let twice = 0;
let reconnects = 0;
const delays: number[] = [];

/** One follower: a cursor that outlives its connections. */
class Follower {
  next = 0;
  readonly done = Promise.withResolvers<void>();
  #request: ClientRequest | undefined;

  connect(): void {
    let rest = '';
    const asked = request({ socketPath, path: `${path}${this.next}` }, (response: IncomingMessage) => {
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        if (this.#request !== asked) return;
        const text = rest + chunk;
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        this.#take(text.slice(0, end));
      });
      response.on('error', () => undefined);
    });
    asked.on('error', (error) => {
      if (this.#request === asked) throw error;
    });
    this.#request = asked;
    asked.end();
  }

  reconnect(): void {
    const old = this.#request;
    this.connect();
    old?.destroy();
    reconnects++;
  }

  #take(lines: string): void {
    for (const [, seq, time] of lines.matchAll(EVENT)) {
      const position = Number(seq);
      if (position < this.next) twice++;
      else lost += position - this.next;
      this.next = position + 1;
      if (position % 97 === 0) delays.push(Date.now() - Number(BigInt(time ?? '0') / 1_000_000n));
    }
    if (this.next > LAST) this.done.resolve();
  }
}

const followers = Array.from({ length: Number(healthy) }, () => new Follower());
for (const follower of followers) follower.connect();
for (let index = 0; index < Number(stalled); index++) {
  const asked = request({ socketPath, path: `${path}0` }, (response) => response.pause());
  asked.on('error', () => undefined);
  asked.end();
}
const wanderers = followers.slice(0, Number(reconnecting));
const timer = setInterval(() => {
  for (const wanderer of wanderers) wanderer.reconnect();
}, 1000);
process.stdout.write('ready\n');
await Promise.all(followers.map(({ done }) => done.promise));
clearInterval(timer);
delays.sort((a, b) => a - b);
const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
process.stdout.write(`${JSON.stringify({ lost, twice, reconnects, median: at(0.5), p99: at(0.99) })}\n`, () => process.exit(0));
