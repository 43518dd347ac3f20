import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxArchive, type Ran, TestDaemon } from '@shiplog/test-support';
import { BareCrun } from './bare-crun.ts';
import { temporary, temporaryRun } from './directory.ts';
import { DockerEngine } from './docker-engine.ts';
import { interleave, type Series, timed } from './measure.ts';
import { memoryOf, memoryOfMatching } from './memory.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const IMAGE = 'busybox:bench';
/** After which engines that are asked nothing are idle. */
const REST_MS = 12_000;

/** Something that takes the docker command's words. */
interface Engine {
  docker(args: readonly string[]): Promise<Ran>;
}

const scratch = await temporary('image');
await busyboxArchive(join(scratch, 'image.tar'), IMAGE);
const crun = await BareCrun.prepare();
const runDirectory = await temporaryRun('shiplog');
const shiplog = await TestDaemon.start({ directory: await temporary('shiplog'), extra: ['--run', runDirectory] });
const docker = await DockerEngine.start();
if (typeof docker === 'string') process.stdout.write(`Docker is not measured: ${docker}\n`);
try {
  const engines: Record<string, Engine> = { shiplog, ...(typeof docker === 'string' ? {} : { docker }) };
  for (const engine of Object.values(engines)) await must(engine, ['load', '-q', '-i', join(scratch, 'image.tar')]);
  // Shiplog gives memory back when it comes to rest (plugins/daemon/src/rest.ts).
  await sleep(REST_MS);
  const idle = { shiplog: await memoryOf(shiplog.pid), docker: typeof docker === 'string' ? 0 : await memoryOf(docker.pid) };

  process.stdout.write(`\nMedian of ${ROUNDS} interleaved rounds in ms (10th to 90th percentile); × is the ratio to a bare crun run.\n\n`);
  for (const network of ['bridge', 'host', 'none']) {
    const contenders: Record<string, () => Promise<number>> = { 'bare crun': crun.sample };
    for (const [name, engine] of Object.entries(engines))
      contenders[name] = () => timed(() => must(engine, ['run', '--rm', '--network', network, IMAGE, 'true']));
    report(`run --rm (${network})`, await interleave(ROUNDS, contenders));
  }
  const removals: Record<string, number[]> = {};
  const starts: Record<string, () => Promise<number>> = { 'bare crun': crun.sample };
  for (const [name, engine] of Object.entries(engines)) {
    starts[name] = async () => {
      const ms = await timed(() => must(engine, ['run', '-d', '--name', 'bench', IMAGE, 'sleep', '60']));
      (removals[name] ??= []).push(await timed(() => must(engine, ['rm', '-f', 'bench'])));
      return ms;
    };
  }
  report('run -d', await interleave(ROUNDS, starts));
  report(
    'rm -f',
    Object.fromEntries(
      Object.entries(removals).map(([name, samples]) => {
        const sorted = samples.slice(1).toSorted((a, b) => a - b);
        return [name, { median: sorted[sorted.length >> 1] ?? 0, low: sorted[0] ?? 0, high: sorted.at(-1) ?? 0, count: sorted.length }];
      }),
    ),
  );
  const crowds: Record<string, () => Promise<number>> = { 'bare crun': () => crowd(8, 4, () => crun.sample().then(() => undefined)) };
  for (const [name, engine] of Object.entries(engines))
    crowds[name] = () => crowd(8, 4, () => must(engine, ['run', '--rm', IMAGE, 'true']));
  report('8 clients × 4 run --rm', await interleave(Math.max(3, Math.floor(ROUNDS / 5)), crowds));

  process.stdout.write('\nMemory (proportional set size)\n');
  for (const [name, engine] of Object.entries(engines)) {
    const count = 10;
    const daemon = name === 'shiplog' ? shiplog.pid : typeof docker === 'string' ? 0 : docker.pid;
    // Monitors and shims name the directory on their command lines.
    const of = [name === 'shiplog' || typeof docker === 'string' ? runDirectory : docker.runDirectory];
    const before = (await memoryOf(daemon)) + (await memoryOfMatching(of));
    for (let index = 0; index < count; index += 1)
      await must(engine, ['run', '-d', '--name', `m${index}`, '--network', 'none', IMAGE, 'sleep', '60']);
    const after = (await memoryOf(daemon)) + (await memoryOfMatching(of));
    for (let index = 0; index < count; index += 1) await must(engine, ['rm', '-f', `m${index}`]);
    process.stdout.write(
      `  ${name.padEnd(10)} idle ${mib(idle[name as keyof typeof idle])}   a container ${mib((after - before) / count)}\n`,
    );
  }
} finally {
  await crun.done();
  await shiplog.destroy();
  if (typeof docker !== 'string') await docker.done();
  for (const made of [scratch, runDirectory]) await rm(made, { recursive: true, force: true });
}

/** `clients` at once, each doing it `times` times; ms for all. */
function crowd(clients: number, times: number, work: () => Promise<void>): Promise<number> {
  return timed(async () => {
    await Promise.all(
      Array.from({ length: clients }, async () => {
        for (let time = 0; time < times; time += 1) await work();
      }),
    );
  });
}

async function must(engine: Engine, args: readonly string[]): Promise<void> {
  const { code, stderr } = await engine.docker(args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
}

function report(what: string, results: { readonly [name: string]: Series }): void {
  const base = results['bare crun']?.median;
  process.stdout.write(`${what}\n`);
  for (const [name, { median, low, high }] of Object.entries(results)) {
    const ratio = base === undefined || name === 'bare crun' ? '' : `  × ${(median / base).toFixed(2)}`;
    const docker =
      results.docker !== undefined && name === 'shiplog' ? `  ${((median / results.docker.median) * 100).toFixed(0)} % of docker` : '';
    process.stdout.write(
      `  ${name.padEnd(10)} ${median.toFixed(1).padStart(7)}  (${low.toFixed(1)} to ${high.toFixed(1)})${ratio}${docker}\n`,
    );
  }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
