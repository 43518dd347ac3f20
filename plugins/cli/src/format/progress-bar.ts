import type { Output } from '../context.ts';
import { formatBytes } from './bytes.ts';

const WIDTH = 30;
const INTERVAL_MS = 50;

/** One line that redraws itself on a terminal; nothing anywhere else, or when `quiet`. */
export class ProgressBar {
  readonly #out: Output;
  readonly #label: string;
  readonly #unit: (value: number) => string;
  readonly #visible: boolean;
  #drawnAt = -Infinity;
  #drawn = false;

  constructor(out: Output, label: string, options: { readonly unit: 'bytes' | 'count'; readonly quiet: boolean }) {
    this.#out = out;
    this.#label = label;
    this.#unit = options.unit === 'bytes' ? formatBytes : String;
    this.#visible = out.isTTY === true && !options.quiet;
  }

  /** Draws at most twenty times a second. `total` 0 or absent: only the amount. */
  update(current: number, total = 0): void {
    const now = performance.now();
    if (!this.#visible || now - this.#drawnAt < INTERVAL_MS) return;
    this.#drawnAt = now;
    this.#drawn = true;
    this.#out.write(`\r\u001b[K${barText(this.#label, current, total, this.#unit)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
    this.#drawn = false;
  }
}

/** `Loading [=====>    ] 4.2MB / 8MB`. */
export function barText(label: string, current: number, total: number, unit: (value: number) => string): string {
  if (total <= 0) return `${label} ${unit(current)}`;
  const filled = Math.round((Math.min(current, total) / total) * WIDTH);
  const bar = filled === WIDTH ? '='.repeat(WIDTH) : `${'='.repeat(filled)}>`.padEnd(WIDTH);
  return `${label} [${bar}] ${unit(current)} / ${unit(total)}`;
}
