import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { readIfThere, writeDurably } from './durable-file.ts';

/** What a driver remembers of a layer it holds, to answer when it is applied again. */
export interface LayerRecord {
  readonly diffId: string;
  /** Bytes of regular files in the layer. */
  readonly bytes: number;
  /** Bytes of the uncompressed tar it was made from. Layers that were made before this was kept do not say. */
  readonly tarBytes?: number;
  /** Digest of the blob it was made from, where that was told. */
  readonly digest?: string;
}

const FILE = 'layer.json';

/** Writes the record into `directory`, durably. */
export async function writeLayerRecord(directory: string, record: LayerRecord): Promise<void> {
  await writeDurably(join(directory, FILE), JSON.stringify(record));
}

/** The record in `directory`; undefined when there is no such directory. */
export async function readLayerRecord(directory: string): Promise<LayerRecord | undefined> {
  const text = await readIfThere(join(directory, FILE));
  if (text === undefined) return undefined;
  const { diffId, bytes, tarBytes, digest } = JSON.parse(text) as LayerRecord;
  return { diffId, bytes, ...(tarBytes === undefined ? {} : { tarBytes }), ...(digest === undefined ? {} : { digest }) };
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
