import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShiplogEvent } from '@shiplog/contracts';
import { syntheticLog } from '@shiplog/model/testing';
import { fold, readRecording, redecide, simulate } from '@shiplog/replay';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';
import { temporary } from '../directory.ts';
import { interleave, type Series, timed } from '../measure.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const EVENTS = 50_000;
/** Containers that are run one after the other, and then as many again, four at a time. */
const RUNS = 20;
const IMAGE = 'busybox:bench';

async function* parsed(lines: readonly string[]): AsyncGenerator<ShiplogEvent> {
  for (const line of lines) yield JSON.parse(line);
}

await offline();
await simulation();

/** Folding and deciding anew, beside what it takes to read the same log at all. */
async function offline(): Promise<void> {
  const lines = [...syntheticLog(EVENTS)].flatMap(({ events }) => events.map((event) => JSON.stringify(event)));
  const results = await interleave(ROUNDS, {
    'JSON.parse alone': () =>
      timed(async () => {
        for await (const _ of parsed(lines));
      }),
    fold: () => timed(async () => void (await fold(parsed(lines)))),
    're-decide': () => timed(async () => void (await redecide(parsed(lines), () => undefined))),
  });
  print(`\nEvents a second, of ${lines.length} synthetic ones; median of ${ROUNDS} interleaved rounds (10th to 90th percentile)\n\n`);
  const rate = (ms: number): string =>
    Math.round(lines.length / (ms / 1000))
      .toLocaleString('en')
      .padStart(9);
  const base = results['JSON.parse alone']?.median ?? Number.NaN;
  for (const [name, { median, low, high }] of Object.entries(results)) {
    const ratio = name === 'JSON.parse alone' ? '' : `  × ${(base / median).toFixed(2)} of JSON.parse`;
    print(`  ${name.padEnd(20)} ${rate(median)}  (${rate(high).trim()} to ${rate(low).trim()})${ratio}\n`);
  }
}

/** A simulation of real work that left no time to idle, beside the time that work took. */
async function simulation(): Promise<void> {
  const events = await record();
  async function* recorded(): AsyncGenerator<ShiplogEvent> {
    yield* events;
  }
  const recording = await readRecording(recorded());
  const cold = await simulate(recording);
  const results = await interleave(ROUNDS, { simulate: () => timed(async () => void (await simulate(recording))) });
  const { median, low, high }: Series = results['simulate'] ?? { median: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 };
  const times = (ms: number): string => Math.round(recording.spanMs / ms).toLocaleString('en');
  print(
    `\nSimulating ${2 * RUNS} × \`run --rm\`, which took ${(recording.spanMs / 1000).toFixed(1)} s (${events.length} events, ${cold.others.length} other ends)\n\n`,
  );
  print(
    `  times as fast as time ${times(median)}  (${times(high)} to ${times(low)}); the first time, code still cold: ${times(cold.wallMs)}\n`,
  );
}

async function record(): Promise<readonly ShiplogEvent[]> {
  const scratch = await temporary('image');
  const daemon = await TestDaemon.start({ directory: await temporary('shiplog') });
  const docker = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  };
  try {
    await busyboxArchive(join(scratch, 'image.tar'), IMAGE);
    await docker('load', '-q', '-i', join(scratch, 'image.tar'));
    for (let run = 0; run < RUNS; run += 1) await docker('run', '--rm', IMAGE, 'true');
    const client = async (): Promise<void> => {
      for (let run = 0; run < RUNS / 4; run += 1) await docker('run', '--rm', IMAGE, 'true');
    };
    await Promise.all([client(), client(), client(), client()]);
    const { stdout } = await daemon.shiplog(['events', '--from', '0', '--format', 'json']);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  } finally {
    await daemon.destroy();
    await rm(scratch, { recursive: true, force: true });
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
