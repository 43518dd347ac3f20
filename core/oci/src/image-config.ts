import type { Digest, ImageHealthcheck, ImageHistory, ImageManifest, ImageRunConfig, LayerRecord } from '@shiplog/contracts';
import { chainIds } from './digest.ts';
import {
  digestOf,
  fieldsOf,
  jsonDocument,
  type JsonFields,
  optionalInteger,
  optionalList,
  optionalSet,
  optionalText,
  optionalTextMap,
  optionalTexts,
  wrong,
} from './json-document.ts';

/** Largest image config that is read, in bytes. */
export const CONFIG_LIMIT_BYTES = 8 * 1024 * 1024;
const LAYER_LIMIT = 1024;
const ITEM_LIMIT = 10_000;

/** An image config blob, checked (image-spec, config.md). */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  /** RFC 3339; '' if the image does not say. */
  readonly created: string;
  readonly author?: string;
  readonly comment?: string;
  readonly config: ImageRunConfig;
  /** Lowest first. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly ImageHistory[];
}

/** Reads an image config. Throws ARCHIVE_INVALID for anything a container could not be made from. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const what = 'image config';
  const fields = jsonDocument(bytes, what, CONFIG_LIMIT_BYTES);
  const rootfs = fieldsOf(fields['rootfs'], `${what}, rootfs`);
  if (rootfs['type'] !== 'layers') throw wrong(what, 'has a rootfs that is not made of layers');
  const diffIds = (optionalList(rootfs, 'diff_ids', what, LAYER_LIMIT) ?? []).map((id, at) => digestOf(id, `${what}, diff id ${at}`));
  const history = (optionalList(fields, 'history', what, ITEM_LIMIT) ?? []).map(historyOf);
  const layered = history.filter((line) => line.empty_layer !== true).length;
  if (history.length > 0 && layered !== diffIds.length) {
    throw wrong(what, `has ${diffIds.length} layers, and a history of ${layered}`);
  }
  const created = optionalText(fields, 'created', what) ?? '';
  if (created !== '' && Number.isNaN(Date.parse(created))) throw wrong(what, 'has an unreadable creation time');
  const run = fields['config'];
  return {
    architecture: optionalText(fields, 'architecture', what) ?? 'unknown',
    os: optionalText(fields, 'os', what) ?? 'linux',
    created,
    ...present({
      variant: optionalText(fields, 'variant', what),
      author: optionalText(fields, 'author', what),
      comment: optionalText(fields, 'comment', what),
    }),
    config: run === undefined || run === null ? {} : runConfigOf(fieldsOf(run, `${what}, config`)),
    diffIds,
    history,
  };
}

/** Where one layer's blob is, beside what the config says of it. */
export interface LayerBlob {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the blob. */
  readonly size: number;
  /** Bytes of the tar within. */
  readonly uncompressedSize: number;
}

/** Puts an image together from its checked config and one blob per diff id, lowest first. Throws ARCHIVE_INVALID when the counts differ. */
export function imageManifest(id: Digest, config: ImageConfig, blobs: readonly LayerBlob[]): ImageManifest {
  if (blobs.length !== config.diffIds.length) {
    throw wrong('image config', `names ${config.diffIds.length} layers where the manifest has ${blobs.length}`);
  }
  const chain = chainIds(config.diffIds);
  const { diffIds, ...rest } = config;
  const layers = blobs.map(({ digest, mediaType, size }, at): LayerRecord => ({
    diffId: diffIds[at]!,
    chainId: chain[at]!,
    digest,
    mediaType,
    size,
  }));
  return { id, ...rest, layers, size: blobs.reduce((sum, blob) => sum + blob.uncompressedSize, 0) };
}

function runConfigOf(fields: JsonFields): ImageRunConfig {
  const what = 'image config, config';
  const env = optionalTexts(fields, 'Env', what, ITEM_LIMIT);
  if (env?.some((entry) => entry === '' || entry.startsWith('=')) === true) throw wrong(what, 'has a variable without a name');
  return present({
    User: optionalText(fields, 'User', what),
    ExposedPorts: optionalSet(fields, 'ExposedPorts', what),
    Env: env,
    Entrypoint: optionalTexts(fields, 'Entrypoint', what, ITEM_LIMIT),
    Cmd: optionalTexts(fields, 'Cmd', what, ITEM_LIMIT),
    Volumes: optionalSet(fields, 'Volumes', what),
    WorkingDir: optionalText(fields, 'WorkingDir', what),
    Labels: optionalTextMap(fields, 'Labels', what),
    StopSignal: optionalText(fields, 'StopSignal', what),
    StopTimeout: optionalInteger(fields, 'StopTimeout', what),
    Shell: optionalTexts(fields, 'Shell', what, ITEM_LIMIT),
    OnBuild: onBuildOf(fields),
    Healthcheck: healthcheckOf(fields['Healthcheck']),
  });
}

/** Most configs have an empty list, or null, which says nothing. */
function onBuildOf(fields: JsonFields): readonly string[] | undefined {
  const triggers = optionalTexts(fields, 'OnBuild', 'image config, config', ITEM_LIMIT);
  return triggers === undefined || triggers.length === 0 ? undefined : triggers;
}

function healthcheckOf(value: unknown): ImageHealthcheck | undefined {
  if (value === undefined || value === null) return undefined;
  const what = 'image config, health check';
  const fields = fieldsOf(value, what);
  const count = (name: string): number | undefined => {
    const found = optionalInteger(fields, name, what);
    if (found !== undefined && found < 0) throw wrong(what, `has ${name} that is no whole number`);
    return found;
  };
  return present({
    Test: optionalTexts(fields, 'Test', what, ITEM_LIMIT),
    Interval: count('Interval'),
    Timeout: count('Timeout'),
    StartPeriod: count('StartPeriod'),
    StartInterval: count('StartInterval'),
    Retries: count('Retries'),
  });
}

function historyOf(value: unknown, at: number): ImageHistory {
  const what = `image config, history ${at}`;
  const fields = fieldsOf(value, what);
  return present({
    created: optionalText(fields, 'created', what),
    created_by: optionalText(fields, 'created_by', what),
    author: optionalText(fields, 'author', what),
    comment: optionalText(fields, 'comment', what),
    empty_layer: fields['empty_layer'] === true ? true : undefined,
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that are there. */
function present<T extends object>(fields: T): Present<T> {
  const kept: Present<T> = {};
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const value = fields[name];
    if (value !== undefined) kept[name] = value as Exclude<T[keyof T], undefined>;
  }
  return kept;
}
