declare module 'snappyjs' {
  /** Throws on bytes that are not Snappy's. */
  export function uncompress(compressed: Uint8Array): Uint8Array;
}
