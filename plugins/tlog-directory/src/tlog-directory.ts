import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HASH_BYTES, parseUtf8, TILE_WIDTH, type TileId, tilePath, TlogError, TreeEdge } from '@shiplog/tlog';

/** A tile or bundle as it lies there, and how many hashes or entries it should have. */
export interface StoredTile {
  readonly bytes: Buffer;
  readonly width: number;
}

/**
 * A log in a directory, in the layout of C2SP tlog-tiles: `checkpoint`, `tile/<level>/…` and `tile/entries/…`. Beside it `large/<SHA-256>`: data
 * of entries that stand for more than a bundle can hold. Any web server can serve it. The checkpoint is written last, so that what it
 * signs is there.
 */
export class TlogDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The signed checkpoint; undefined where there is none yet. */
  async checkpoint(): Promise<string | undefined> {
    const bytes = await this.#read('checkpoint');
    return bytes === undefined ? undefined : parseUtf8(bytes, 'the checkpoint');
  }

  writeCheckpoint(note: string): Promise<void> {
    return this.#write('checkpoint', Buffer.from(note));
  }

  /** Throws TlogError, `missing`. A full tile will do for a partial one: its beginning is the same. */
  async tile(id: TileId): Promise<StoredTile> {
    for (const width of new Set([id.width, TILE_WIDTH])) {
      const bytes = await this.#read(tilePath({ ...id, width }));
      if (bytes !== undefined) return { bytes, width };
    }
    throw new TlogError('missing', `${join(this.path, tilePath(id))} is missing`);
  }

  /** Writes a tile or bundle. A full one takes the place of the partial ones before it. */
  async writeTile(id: TileId, bytes: Uint8Array): Promise<void> {
    await this.#write(tilePath(id), bytes);
    if (id.width === TILE_WIDTH) await rm(join(this.path, `${tilePath(id)}.p`), { recursive: true, force: true });
  }

  async large(sha256: string): Promise<Buffer> {
    const bytes = await this.#read(`large/${sha256}`);
    if (bytes === undefined) throw new TlogError('missing', `${join(this.path, 'large', sha256)} is missing`);
    return bytes;
  }

  writeLarge(sha256: string, data: Uint8Array): Promise<void> {
    return this.#write(`large/${sha256}`, data);
  }

  /** The right edge of the tree of `size` leaves. Throws TlogError if a tile is missing or is none. */
  async edge(size: number): Promise<TreeEdge> {
    const open: Buffer[] = [];
    for (let level = 0; TILE_WIDTH ** level <= size; level++) {
      const hashes = Math.floor(size / TILE_WIDTH ** level);
      const width = hashes % TILE_WIDTH;
      if (width === 0) continue;
      const { bytes } = await this.tile({ level, index: Math.floor(hashes / TILE_WIDTH), width });
      open.push(bytes.subarray(0, width * HASH_BYTES));
    }
    const edge = TreeEdge.decode(size, Buffer.concat(open));
    if (edge === undefined) throw new TlogError('malformed', `a tile at the edge of ${size} leaves in ${this.path} is cut`);
    return edge;
  }

  async #read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whole or not there, also after power loss. */
  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.path, name);
    const directory = dirname(path);
    await mkdir(directory, { recursive: true });
    const temporary = join(directory, `.${randomBytes(8).toString('hex')}`);
    try {
      await writeFile(temporary, bytes, { flush: true });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}
