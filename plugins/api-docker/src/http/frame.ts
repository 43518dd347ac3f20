/** Stream numbers of a multiplexed stream. */
export type StreamNumber = 0 | 1 | 2;

/** One frame of Docker's multiplexed stream: stream number, three zero bytes, length (32 bits, big endian), payload. */
export function frame(stream: StreamNumber, payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(8 + payload.length);
  framed[0] = stream;
  new DataView(framed.buffer).setUint32(4, payload.length);
  framed.set(payload, 8);
  return framed;
}
