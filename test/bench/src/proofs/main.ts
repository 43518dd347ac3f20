import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '@shiplog/contracts';
import { canonicalJson, openLevelLog } from '@shiplog/event-log';
import {
  checkProof,
  entryHash,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  formatProof,
  hashOf,
  noteSigner,
  proveConsistency,
  proveInclusion,
  signNote,
  TreeEdge,
  type TileReader,
  verifierKey,
  verifierOf,
} from '@shiplog/tlog';
import { Witness } from '@shiplog/witness';
import { interleave, type Series, summarize, timed } from '../measure.ts';
import { stopRequest } from '../log/events.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
/** Appends at once, and events a round of the append bench. */
const CROWD = 256;
const CROWD_EVENTS = 16_384;
const PROOFS = 500;
const ORIGIN = 'example.com/bench';

const directory = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
const log = await openLevelLog({ directory: join(directory, 'log'), boot: 'b'.repeat(36), inst: 'abcdef012345' });
const { privateKey } = generateKeyPairSync('ed25519');
const key = verifierKey('note', ORIGIN, privateKey);
const signer = noteSigner(ORIGIN, privateKey);
const tile: TileReader = (level, index) => log.tree.tile(level, index);
let number = 0;
try {
  for (let made = 0; made < EVENTS; made += 1024) await append(Math.min(1024, EVENTS - made));
  print(
    `\nProofs over ${EVENTS.toLocaleString('en')} events, ${ROUNDS * PROOFS} of them; milliseconds each, median (10th to 90th percentile)\n`,
  );
  const checkpoint = await sign(log.tree.size);
  const proofs: string[] = [];
  const hashes: number[] = [];
  const results = await interleave(ROUNDS, {
    'reading the event': () => each(PROOFS, async (seq) => void (await eventBytes(seq))),
    'making a proof': () =>
      each(PROOFS, async (seq) => {
        const [proof, data] = [await proveInclusion(seq, EVENTS, tile), await eventBytes(seq)];
        hashes.push(proof.length);
        proofs.push(formatProof({ kind: 'inclusion', data, index: seq, proof, checkpoint }));
      }),
    'checking a proof': () => each(PROOFS, async () => void checkProof(proofs.pop() ?? '', { log: [verifierOf(key)], origin: ORIGIN })),
  });
  report(results, 'reading the event');
  const whole = formatProof({
    kind: 'inclusion',
    data: await eventBytes(0),
    index: 0,
    proof: await proveInclusion(0, EVENTS, tile),
    checkpoint,
  });
  print(
    `  at most ${Math.max(...hashes)} hashes; the file has ${whole.length} bytes, of which the event in Base64 ${Math.ceil((await eventBytes(0)).length / 3) * 4}\n`,
  );

  print(`\nCosigning by a witness on this host, kept on disk before it answers; milliseconds, ${ROUNDS * 20} times\n`);
  report(await cosigning(), 'proof alone');

  print(`\nThe tree's part of an append, ${CROWD} appenders; microseconds an event, median of ${ROUNDS} interleaved rounds\n`);
  report(await appending(), 'append');
} finally {
  await log.close();
  await rm(directory, { recursive: true, force: true });
}

async function append(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => log.append(stopRequest(++number)).durable));
}

async function sign(size: number): Promise<string> {
  const text = formatCheckpoint({ origin: ORIGIN, size, root: hashOf(await log.tree.root(size)) });
  return formatNote(signNote(text, [signer]));
}

async function eventBytes(seq: number): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const bytes of log.readBytes({ from: seq, to: seq })) found.push(bytes);
  return Buffer.concat(found);
}

/** Mean milliseconds of one of `count`, at random positions. */
async function each(count: number, work: (seq: number) => Promise<void>): Promise<number> {
  const ms = await timed(async () => {
    for (let done = 0; done < count; done++) await work(Math.floor(Math.random() * EVENTS));
  });
  return ms / count;
}

async function cosigning(): Promise<{ readonly [name: string]: Series }> {
  const witness = await Witness.start({
    directory: join(directory, 'witness'),
    name: 'w.example',
    logs: [key],
    host: '127.0.0.1',
    port: 0,
  });
  let before = 0;
  const samples: { readonly [name: string]: number[] } = { 'proof alone': [], 'a witness cosigns': [] };
  try {
    for (let round = -1; round < ROUNDS * 20; round++) {
      const size = Math.floor(EVENTS / 2) + (round + 1) * 7;
      let body = '';
      const alone = await timed(async () => {
        body = formatAddCheckpoint(before, await proveConsistency(before, size, tile), await sign(size));
      });
      const asked = await timed(async () => {
        const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
        if (response.status !== 200) throw new Error(await response.text());
        await response.text();
      });
      before = size;
      if (round < 0) continue;
      samples['proof alone']?.push(alone);
      samples['a witness cosigns']?.push(asked);
    }
  } finally {
    await witness[Symbol.asyncDispose]();
  }
  return Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, summarize(all)]));
}

/** What an append costs, and what of it the leaf hash, the tree's edge and one root a commit cost, over the same bytes. */
async function appending(): Promise<{ readonly [name: string]: Series }> {
  const texts = await sampleTexts(log);
  const edge = new TreeEdge();
  const micros = (ms: number): number => (ms / CROWD_EVENTS) * 1000;
  return interleave(ROUNDS, {
    append: async () => {
      let left = CROWD_EVENTS;
      const appender = async (): Promise<void> => {
        while (left-- > 0) await log.append(stopRequest(++number)).durable;
      };
      return micros(await timed(async () => void (await Promise.all(Array.from({ length: CROWD }, appender)))));
    },
    "the tree's part": async () =>
      micros(
        await timed(async () => {
          for (let at = 0; at < CROWD_EVENTS; at++) {
            edge.append(entryHash(texts[at % texts.length] ?? Buffer.alloc(0)), () => undefined);
            if (at % CROWD === 0) edge.root();
          }
        }),
      ),
  });
}

async function sampleTexts(from: EventLog): Promise<readonly Buffer[]> {
  const texts: Buffer[] = [];
  for await (const event of from.read({ from: 0, to: 1023 })) texts.push(Buffer.from(canonicalJson(event)));
  return texts;
}

function report(results: { readonly [name: string]: Series }, baseline: string): void {
  const base = results[baseline]?.median ?? Number.NaN;
  for (const [name, { median, low, high }] of Object.entries(results)) {
    const ratio = name === baseline ? '' : `  × ${(median / base).toFixed(2)}`;
    print(`  ${name.padEnd(20)} ${median.toFixed(3).padStart(8)}  (${low.toFixed(3)} to ${high.toFixed(3)})${ratio}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
