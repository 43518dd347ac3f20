import { text } from 'node:stream/consumers';
import { compressionOf, tarFile, writeTar } from '@shiplog/oci';
import { UsageError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import type { SentContext } from './sent-context.ts';

/** A header of a tar: no other text has a zero byte in it. */
const HEAD_BYTES = 512;

/**
 * What stdin has to be built from: a tar, compressed or not, is sent on as it comes; anything else is a Dockerfile, with nothing beside it. `file` is the Dockerfile's path in
 * the tar. Throws UsageError for nothing, and for two Dockerfiles.
 */
export async function stdinContext({ stdin }: Context, file: string | undefined): Promise<SentContext> {
  if (file === '-') throw new UsageError('stdin is either the context or the Dockerfile', 'name a directory, or a Dockerfile in the tar');
  const chunks: AsyncIterator<Uint8Array> = stdin[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let next = await chunks.next();
  for (; next.done !== true && head.length < HEAD_BYTES; next = await chunks.next()) head = Buffer.concat([head, next.value]);
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    yield head;
    for (; next.done !== true; next = await chunks.next()) yield next.value;
  }
  if (head.length === 0) throw new UsageError('there is nothing on stdin', 'pipe a tar or a Dockerfile in');
  if (head.includes(0) || compressionOf(head) !== 'plain') return { tar: whole(), dockerfile: file ?? 'Dockerfile' };
  if (file !== undefined) throw new UsageError('stdin has a Dockerfile, and -f names another', 'pipe a tar in, or leave -f out');
  return { tar: writeTar([tarFile('Dockerfile', Buffer.from(await text(whole())))]), dockerfile: 'Dockerfile' };
}
