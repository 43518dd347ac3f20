import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../directory.ts';
import { interleave, type Series, summarize } from '../measure.ts';
import { callTimes } from './calls.ts';
import { Daemon } from './daemon.ts';
import { writePlugin } from './plugin-files.ts';

const ROUNDS = Number(process.argv[2] ?? 9);

const directory = await temporary('plugins');
const fifty = await Promise.all(Array.from({ length: 50 }, (_, index) => writePlugin(directory, `p${index}`)));
const [hot, silent] = [await writePlugin(directory, 'hot'), await writePlugin(directory, 'silent', 'await new Promise(() => {});')];
try {
  print(`\nMedians of ${ROUNDS} interleaved rounds in ms (10th to 90th percentile)\n`);
  print('\nFrom exec of shiplogd to ready\n');
  const bare = new Daemon(join(directory, 'bare'), []);
  const laden = new Daemon(join(directory, 'laden'), fifty);
  const start = (daemon: Daemon) => async (): Promise<number> => {
    const ms = await daemon.start();
    await daemon.end();
    return ms;
  };
  const starts = await interleave(ROUNDS, { 'default plugins': start(bare), 'and 50 more': start(laden) });
  report(starts);
  print(`  50 plugins add ${((starts['and 50 more']?.median ?? 0) - (starts['default plugins']?.median ?? 0)).toFixed(1)} ms\n`);

  print('\nA call of a verb that does nothing, sequential\n');
  report(await callTimes(hot, 2000));

  print('\nFrom save to the engine having swapped the driver\n');
  const watching = new Daemon(join(directory, 'watching'), [hot, silent], ['--watch', '--isolate', 'silent=process']);
  await watching.start();
  await watching.volume('hot', 'first');
  const swaps: number[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const reloaded = watching.line('"reloaded"');
    const began = performance.now();
    await writePlugin(directory, 'hot', `globalThis.round = ${round};`);
    await reloaded;
    if (round >= 0) swaps.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  report({ 'save to swapped': summarize(swaps) });

  print('\n20 volumes made and removed, one after the other, by HTTP\n');
  const calm = new Daemon(join(directory, 'calm'), [hot, silent], ['--isolate', 'silent=process']);
  await calm.start();
  const hung = Array.from({ length: 20 }, (_, index) => watching.volume('silent', `hung${index}`).catch(() => undefined));
  const twenty = (daemon: Daemon) => async (): Promise<number> => {
    const began = performance.now();
    for (let index = 0; index < 20; index += 1) await daemon.volumeAndBack('local', `v${index}`);
    return performance.now() - began;
  };
  report(await interleave(2 * ROUNDS, { 'nobody hangs': twenty(calm), 'beside 20 calls that never answer': twenty(watching) }));
  await watching.end('SIGKILL');
  await Promise.all(hung);
} finally {
  for (const daemon of Daemon.all) await daemon.destroy();
  await rm(directory, { recursive: true, force: true });
}

function report(results: { readonly [name: string]: Series }): void {
  const base = Object.values(results)[0]?.median ?? Number.NaN;
  for (const [name, { median, low, high }] of Object.entries(results)) {
    const digits = median < 1 ? 3 : 1;
    print(
      `  ${name.padEnd(36)} ${median.toFixed(digits).padStart(9)}  (${low.toFixed(digits)} to ${high.toFixed(digits)})  × ${(median / base).toFixed(2)}\n`,
    );
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
