import { watch } from 'node:fs';

/** How long to wait at most before looking all the same: a watch can be missing where the kernel has no more to give. */
const LOOK_MS = 1000;

/** Tells when a file may have more. */
export class FileChanges {
  count = 0;
  #wake: () => void = () => undefined;
  readonly #watcher;
  readonly #timer;

  /** The file must exist. Any of `signals` counts as a change. */
  constructor(
    path: string,
    private readonly signals: readonly AbortSignal[] = [],
  ) {
    this.#watcher = watch(path, { persistent: false }, this.note);
    this.#watcher.on('error', this.note);
    this.#timer = setInterval(this.note, LOOK_MS).unref();
    for (const signal of signals) signal.addEventListener('abort', this.note);
  }

  /** Resolves once something happened after `seen`. */
  async after(seen: number): Promise<void> {
    if (this.count !== seen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  close(): void {
    this.#watcher.close();
    clearInterval(this.#timer);
    for (const signal of this.signals) signal.removeEventListener('abort', this.note);
    this.#wake();
  }

  /** Something happened. */
  readonly note = (): void => {
    this.count += 1;
    this.#wake();
  };
}
