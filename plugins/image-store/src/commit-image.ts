import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageCommit, ImageHistory, ImageRunConfig, IngestedImage, Kernel } from '@shiplog/contracts';
import {
  applyChanges,
  digestStream,
  imageManifest,
  MEDIA_TYPES,
  parseImageConfig,
  sha256Of,
  type TarEntryInput,
  writeTar,
} from '@shiplog/oci';
import type { NewBlob } from './blobs.ts';
import { changedEntries } from './changed-entries.ts';
import { rfc3339 } from './rfc3339.ts';
import { copyTo } from './spool.ts';

/** An image of a container, and the files that must become blobs for it. */
export interface CommittedImage extends IngestedImage {
  readonly blobs: readonly NewBlob[];
}

/** Makes an image of a container in `directory`: see ImageStore.commit. */
export async function commitImage(directory: string, commit: ImageCommit, kernel: Kernel, signal: AbortSignal): Promise<CommittedImage> {
  const { base, tree, changes, author, message } = commit;
  const config = configOf(commit);
  const layerFile = join(directory, 'layer');
  let entries = 0;
  async function* counted(): AsyncGenerator<TarEntryInput> {
    for await (const entry of changedEntries({ kernel, tree, changes, signal })) {
      entries += 1;
      yield entry;
    }
  }
  const layer = digestStream(writeTar(counted()));
  for await (const chunk of copyTo(layerFile, layer)) void chunk;
  const isEmpty = entries === 0;
  const created = rfc3339(BigInt(commit.at));
  const said = { ...(author === '' ? {} : { author }), ...(message === '' ? {} : { comment: message }) };
  const line: ImageHistory = {
    created,
    created_by: commit.createdBy ?? (commit.config.Cmd ?? []).join(' '),
    ...said,
    ...(isEmpty ? { empty_layer: true } : {}),
  };
  const diffIds = [...base.layers.map(({ diffId }) => diffId), ...(isEmpty ? [] : [layer.digest()])];
  const { architecture, os, variant } = base;
  const bytes = Buffer.from(
    JSON.stringify({
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      created,
      ...said,
      config,
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: [...historyOf(commit), line],
    }),
  );
  const id = sha256Of(bytes);
  const configFile = join(directory, 'config');
  await writeFile(configFile, bytes, { flag: 'wx', mode: 0o600 });
  // Of all layers below together the length is known.
  const below = base.layers.map(({ digest, mediaType, size }, at) => ({
    digest,
    mediaType,
    size,
    uncompressedSize: at === 0 ? base.size : 0,
  }));
  const own = { digest: diffIds.at(-1)!, mediaType: MEDIA_TYPES.ociLayer, size: layer.bytes, uncompressedSize: layer.bytes };
  return {
    manifest: imageManifest(id, parseImageConfig(bytes), isEmpty ? below : [...below, own]),
    tags: [],
    blobs: [...(isEmpty ? [] : [{ digest: layer.digest(), file: layerFile }]), { digest: id, file: configFile }],
  };
}

/** An entrypoint that is changed drops the arguments of the one before, as in a Dockerfile. */
function configOf({ config, instructions }: ImageCommit): ImageRunConfig {
  const sets = (word: string): boolean => instructions.some((line) => new RegExp(`^\\s*${word}\\s`, 'i').test(line));
  const { Cmd: _, ...rest } = config;
  return applyChanges(sets('ENTRYPOINT') && !sets('CMD') ? rest : config, instructions);
}

/** A line for each layer, at least: where an image has no history, somebody must have made its layers. */
function historyOf({ base }: ImageCommit): readonly ImageHistory[] {
  if (base.history.length > 0) return base.history;
  return base.layers.map(() => (base.created === '' ? {} : { created: base.created }));
}
