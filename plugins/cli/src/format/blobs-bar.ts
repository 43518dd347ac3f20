import type { ProgressLine } from '@shiplog/client';
import type { Output } from '../context.ts';
import { ProgressBar } from './progress-bar.ts';

/** A bar for all blobs together that travel to a registry or from one. */
export class BlobsBar {
  readonly #bar: ProgressBar;
  readonly #blobs = new Map<string, { readonly current: number; readonly total: number }>();

  constructor(out: Output, label: string, quiet: boolean) {
    this.#bar = new ProgressBar(out, label, { unit: 'bytes', quiet });
  }

  /** Draws how far they are. Whether a line is about a blob, and so needs no other telling. */
  takes({ id, status = '', progressDetail = {} }: ProgressLine): boolean {
    const { current, total } = progressDetail;
    if (id !== undefined && ['Downloading', 'Pushing'].includes(status) && current !== undefined && total !== undefined) {
      this.#blobs.set(id, { current, total });
      this.#bar.update(this.#sum('current'), this.#sum('total'));
    }
    return id !== undefined;
  }

  /** Takes the line away. */
  clear(): void {
    this.#bar.clear();
  }

  #sum(of: 'current' | 'total'): number {
    return [...this.#blobs.values()].reduce((all, blob) => all + blob[of], 0);
  }
}
