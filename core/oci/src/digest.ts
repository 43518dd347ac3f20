import { createHash } from 'node:crypto';
import { type Digest, ShiplogError } from '@shiplog/contracts';

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** True for `sha256:` and 64 lower-case hex digits, the only digests that Shiplog stores content under. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && SHA256.test(text);
}

/** The SHA-256 digest of `bytes` (a string counts as UTF-8). */
export function sha256Of(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A stream that passes its source on and knows what went through. */
export interface DigestStream extends AsyncIterable<Uint8Array> {
  /** Bytes passed so far. */
  readonly bytes: number;
  /** True when the end of the source was reached and the content is as announced. */
  readonly complete: boolean;
  /** Digest of everything. Throws INTERNAL before the end was reached. */
  digest(): Digest;
}

/**
 * Passes `source` on and hashes it on the way. Can be read once.
 *
 * With `expected`, the end throws DIGEST_MISMATCH unless the content has that digest; with `size`, a longer or shorter
 * content throws DIGEST_MISMATCH too, a longer one as soon as it shows. Facts `expected`, `found`.
 */
export function digestStream(
  source: AsyncIterable<Uint8Array>,
  announced: { readonly expected?: Digest; readonly size?: number } = {},
): DigestStream {
  const hash = createHash('sha256');
  let bytes = 0;
  let result: Digest | undefined;
  let complete = false;
  async function* pass(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      if (announced.size !== undefined && bytes > announced.size) throw mismatch('size', announced.size, `more than ${announced.size}`);
      hash.update(chunk);
      yield chunk;
    }
    result = `sha256:${hash.digest('hex')}`;
    if (announced.size !== undefined && bytes !== announced.size) throw mismatch('size', announced.size, bytes);
    if (announced.expected !== undefined && result !== announced.expected) throw mismatch('digest', announced.expected, result);
    complete = true;
  }
  const passing = pass();
  return {
    [Symbol.asyncIterator]: () => passing,
    get bytes() {
      return bytes;
    },
    get complete() {
      return complete;
    },
    digest() {
      if (result === undefined) throw new ShiplogError('INTERNAL', 'a digest was asked for before the end of the stream');
      return result;
    },
  };
}

function mismatch(what: string, expected: unknown, found: unknown): ShiplogError {
  return new ShiplogError('DIGEST_MISMATCH', `content has another ${what} than announced: expected ${expected}, found ${found}`, {
    expected,
    found,
  });
}

/** Chain id of the layer `diffId` on `parent`: for the lowest layer it is the diff id itself (OCI image-spec, config.md, ChainID). */
export function chainId(parent: Digest | undefined, diffId: Digest): Digest {
  return parent === undefined ? diffId : sha256Of(`${parent} ${diffId}`);
}

/** Chain ids of a stack of layers, lowest first. */
export function chainIds(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) chain.push(chainId(chain.at(-1), diffId));
  return chain;
}
