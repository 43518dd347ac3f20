import type { Series } from '../measure.ts';
import { summarize } from '../measure.ts';
import { AppendBench } from './append.ts';

const ROUNDS = Number(process.argv[2] ?? 7);

const append = await AppendBench.prepare();
try {
  const { crowd, lone } = await append.run(ROUNDS);
  print(
    `\nAppends of ${append.eventBytes} bytes, all guarantees on; events a second, median of ${ROUNDS} interleaved rounds (10th to 90th percentile)\n`,
  );
  report(crowd, 'raw batch of 1,024, array form');
  report(lone, 'raw put');
  const waits = append.waits.toSorted((a, b) => a - b);
  print(
    `  ${'wait of one of 256'.padEnd(34)} median ${summarize(waits).median.toFixed(1)} ms, 99th percentile ${(waits[Math.floor(waits.length * 0.99)] ?? 0).toFixed(1)} ms\n`,
  );
} finally {
  await append.done();
}

function report(results: { readonly [name: string]: Series }, baseline: string): void {
  const base = results[baseline]?.median ?? Number.NaN;
  for (const [name, { median, low, high }] of Object.entries(results)) {
    const ratio = name === baseline ? '' : `  × ${(median / base).toFixed(2)}`;
    print(
      `  ${name.padEnd(34)} ${Math.round(median).toLocaleString('en').padStart(9)}  (${Math.round(low).toLocaleString('en')} to ${Math.round(high).toLocaleString('en')})${ratio}\n`,
    );
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
