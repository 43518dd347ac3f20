import { PLAIN_ENTRY, type TarEntryInput, writeTar } from '@shiplog/oci';

/** A tar of files of root's, of 2023, unless an entry says otherwise. */
export async function tarOf(
  entries: readonly (Partial<TarEntryInput> & { readonly name: string; readonly text?: string })[],
): Promise<Buffer> {
  const plain = { ...PLAIN_ENTRY, mtimeNs: 1_700_000_000n * 1_000_000_000n };
  const chunks: Uint8Array[] = [];
  async function* one(text: string) {
    yield Buffer.from(text);
  }
  const whole = entries.map(({ text, ...entry }): TarEntryInput =>
    text === undefined ? { ...plain, ...entry } : { ...plain, ...entry, size: Buffer.byteLength(text), content: one(text) },
  );
  for await (const chunk of writeTar(whole)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A file in GNU's sparse format (type S), which says that it is larger than all disks. */
export async function sparse(): Promise<Buffer> {
  const archive = await tarOf([{ name: 'sparse', text: 'x' }]);
  archive.write('S', 156, 'latin1');
  archive.write('\u0080\0\0\0\0\u007f', 483, 'latin1');
  return summed(archive);
}

/** A pax header that claims to be of eight gigabytes. */
export async function endless(): Promise<Buffer> {
  const archive = await tarOf([{ name: 'x', text: 'x' }]);
  archive.write('x', 156, 'latin1');
  archive.write('77777777777', 124, 'latin1');
  return summed(archive);
}

/** The same with the right checksum of its first header. */
function summed(archive: Buffer): Buffer {
  archive.fill(' ', 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return archive;
}
