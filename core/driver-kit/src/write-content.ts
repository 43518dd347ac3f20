import { ftruncate, write } from 'node:fs';
import { isHole } from '@shiplog/oci';

/** Writes the content of a file that is new and empty. What an archive left out stays a hole. `check` is called with each chunk, before it is written. */
export async function writeContent(
  file: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  check: (chunk: Uint8Array) => void,
): Promise<void> {
  let [at, end] = [0, 0];
  for await (const chunk of content) {
    check(chunk);
    if (!isHole(chunk)) {
      for (let done = 0; done < chunk.byteLength;) done += await writeAt(file, chunk.subarray(done), at + done);
      end = at + chunk.byteLength;
    }
    at += chunk.byteLength;
  }
  if (end < at) await setLength(file, at);
}

/** pwrite(2). */
function writeAt(file: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    write(file, bytes, 0, bytes.byteLength, position, (error, written) => (error === null ? resolve(written) : reject(error))),
  );
}

/** ftruncate(2). */
function setLength(file: number, length: number): Promise<void> {
  return new Promise((resolve, reject) => ftruncate(file, length, (error) => (error === null ? resolve() : reject(error))));
}
