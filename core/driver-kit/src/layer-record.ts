import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';

/** What a driver remembers of a layer it holds, to answer when it is applied again. */
export interface LayerRecord {
  readonly diffId: string;
  /** Bytes of regular files in the layer. */
  readonly bytes: number;
}

const FILE = 'layer.json';

/** Writes the record into `directory`, durably. */
export async function writeLayerRecord(directory: string, record: LayerRecord): Promise<void> {
  await writeDurably(join(directory, FILE), JSON.stringify(record));
}

/** The record in `directory`; undefined when there is no such directory. */
export async function readLayerRecord(directory: string): Promise<LayerRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, FILE), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const { diffId, bytes } = JSON.parse(text) as LayerRecord;
  return { diffId, bytes };
}

/** Answers for a layer that is there already. Throws DIGEST_MISMATCH when it was made from other content. */
export function answerAgain(key: string, record: LayerRecord, diffId: string): LayerRecord {
  if (record.diffId === diffId) return record;
  throw new ShiplogError('DIGEST_MISMATCH', `layer ${key} is there already, and has the diff id ${record.diffId}, not ${diffId}`, {
    key,
    expected: diffId,
    found: record.diffId,
  });
}

/** Creates the file `path` with `content`, and syncs it; its directory is the caller's to sync. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
