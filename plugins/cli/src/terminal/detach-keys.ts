import { UsageError } from '../cli-error.ts';

/** What leaves a terminal and lets its process go on, unless the user chooses otherwise. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Bytes of a sequence such as `ctrl-p,ctrl-q`, `a,b` or `DEL`. Throws UsageError. */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    if (/^[\0-\x7f]$/.test(key)) return key.charCodeAt(0);
    if (key === 'DEL') return 127;
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control === undefined)
      throw new UsageError(`--detach-keys has no key "${key}"`, 'give characters, ctrl-CHARACTER or DEL, separated by commas');
    return control.toUpperCase().charCodeAt(0) - 64;
  });
}

/** Looks for the detach sequence in what is typed. Bytes that may begin it are held back until the next ones decide. */
export class DetachScanner {
  readonly #keys: readonly number[];
  #held = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** What goes on to the process; `detached` once the sequence is complete. */
  feed(typed: Uint8Array): { readonly pass: Uint8Array; readonly detached: boolean } {
    const pass: number[] = [];
    for (const byte of typed) {
      if (byte !== this.#keys[this.#held]) {
        pass.push(...this.#keys.slice(0, this.#held));
        this.#held = 0;
      }
      if (byte === this.#keys[this.#held]) this.#held += 1;
      else pass.push(byte);
      if (this.#held === this.#keys.length) return { pass: Uint8Array.from(pass), detached: true };
    }
    return { pass: Uint8Array.from(pass), detached: false };
  }

  /** What is still held back, when nothing more is typed. */
  rest(): Uint8Array {
    const rest = Uint8Array.from(this.#keys.slice(0, this.#held));
    this.#held = 0;
    return rest;
  }
}
