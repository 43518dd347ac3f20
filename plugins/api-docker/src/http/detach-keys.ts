import { ShiplogError } from '@shiplog/contracts';

/** What leaves a terminal without ending its program, unless the client says otherwise. */
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Bytes of a detach sequence such as `ctrl-p,ctrl-q`, `a,b` or `DEL`. Throws REQUEST_INVALID. */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    if (/^[\0-\x7f]$/.test(key)) return key.charCodeAt(0);
    if (key === 'DEL') return 127;
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control === undefined) throw new ShiplogError('REQUEST_INVALID', `invalid detach keys (${text}): unknown character '${key}'`);
    return control.toUpperCase().charCodeAt(0) - 64;
  });
}

/** Looks for a detach sequence in input that comes in pieces. A sequence that has begun is held back until it is decided. */
export class DetachScanner {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** What may be passed on, and whether the sequence is complete; what follows it is dropped. */
  scan(input: Uint8Array): { readonly pass: Uint8Array; readonly detached: boolean } {
    const pass: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched]) {
        pass.push(...this.#keys.slice(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { pass: Uint8Array.from(pass), detached: true };
      } else {
        pass.push(byte);
      }
    }
    return { pass: Uint8Array.from(pass), detached: false };
  }
}
