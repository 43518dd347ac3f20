import type { ContainerRecord, ImageHistory, ImageManifest, ImageRunConfig } from '@shiplog/contracts';
import { mergeArgv } from '@shiplog/model';
import type { EngineParts } from '../ports.ts';
import { concealArgv, concealMap, concealText, type Cover } from './conceal.ts';
import { DEFAULT_RULES } from './rules.ts';

/** Shorter ones would be found everywhere. */
const LEAST_LENGTH = 6;

const UNHASHED = /\[concealed:(\d+):\?\]/g;

/**
 * Secrets in the configurations of images that were made here: the log has marks, the config blob has the values, and whoever runs or
 * shows an image reads them there. They go with the blob.
 */
export class ImageSecrets {
  constructor(private readonly parts: EngineParts) {}

  /**
   * An image as the log may have it. Variables lose their values, unless the image that it was made of has the same in the log (`base`); texts lose
   * what rules find in them, and the secrets that are `known`.
   */
  async concealed(image: ImageManifest, base: Pick<ImageManifest, 'config' | 'history'>, known: readonly string[]): Promise<ImageManifest> {
    const values: string[] = [];
    const cover: Cover = (secret) => `[concealed:${values.push(secret) - 1}:?]`;
    const covered = this.#cover(image, base, known, cover);
    if (values.length === 0) return image;
    const vault = this.parts.drivers.get('vault', this.parts.chosen.vault);
    const hashes = await Promise.all(values.map((value) => vault.mac(value)));
    const text = JSON.stringify(covered).replaceAll(
      UNHASHED,
      (_, place: string) => `[concealed:${(hashes[Number(place)] ?? '').slice(0, 16)}]`,
    );
    return { ...(JSON.parse(text) as ImageManifest), concealed: true };
  }

  /** An image with its secrets: for who runs it, or may see it as it is now. */
  async whole<I extends ImageManifest>(image: I): Promise<I> {
    if (image.concealed !== true) return image;
    const { drivers, chosen } = this.parts;
    return { ...image, ...(await drivers.get('image-store', chosen.imageStore).text(image.id)) };
  }

  #cover(image: ImageManifest, base: Pick<ImageManifest, 'config' | 'history'>, known: readonly string[], cover: Cover): ImageManifest {
    const rules = this.parts.secretRules ?? DEFAULT_RULES;
    const plain = (text: string): string =>
      known.reduce((rest, secret) => (secret.length < LEAST_LENGTH ? rest : rest.replaceAll(secret, () => cover(secret))), text);
    const text = (value: string): string => concealText(plain(value), rules, cover);
    const argv = (words: readonly string[]): readonly string[] => concealArgv(words.map(plain), rules, cover);
    const { Env, Cmd, Entrypoint, Labels, Healthcheck, StopSignal, User, WorkingDir } = image.config;
    const same = new Set(base.config.Env);
    const config: ImageRunConfig = {
      ...image.config,
      ...(Env === undefined ? {} : { Env: Env.map((entry) => (same.has(entry) ? entry : withoutValue(entry, cover))) }),
      ...(Cmd === undefined || Cmd === null ? {} : { Cmd: argv(Cmd) }),
      ...(Entrypoint === undefined || Entrypoint === null ? {} : { Entrypoint: argv(Entrypoint) }),
      ...(Labels === undefined
        ? {}
        : { Labels: concealMap(Object.fromEntries(Object.entries(Labels).map(([name, value]) => [name, plain(value)])), rules, cover) }),
      ...(Healthcheck?.Test === undefined ? {} : { Healthcheck: { ...Healthcheck, Test: argv(Healthcheck.Test) } }),
      ...(StopSignal === undefined ? {} : { StopSignal: text(StopSignal) }),
      ...(User === undefined ? {} : { User: text(User) }),
      ...(WorkingDir === undefined ? {} : { WorkingDir: text(WorkingDir) }),
    };
    const line = (entry: ImageHistory): ImageHistory => ({
      ...entry,
      ...(entry.created_by === undefined ? {} : { created_by: text(entry.created_by) }),
      ...(entry.author === undefined ? {} : { author: text(entry.author) }),
      ...(entry.comment === undefined ? {} : { comment: text(entry.comment) }),
    });
    // What the image that it was made of has is as the log has it.
    const older = base.history.length < image.history.length ? base.history : [];
    return {
      ...image,
      config,
      history: [...older, ...image.history.slice(older.length).map(line)],
      ...(image.author === undefined ? {} : { author: text(image.author) }),
      ...(image.comment === undefined ? {} : { comment: text(image.comment) }),
    };
  }
}

/** What a container runs, with the secrets that are its image's: they are not in the words that its creation recorded. */
export function argvOf(
  { argv, spec }: Pick<ContainerRecord, 'argv' | 'spec'>,
  image: Pick<ImageManifest, 'config' | 'concealed'>,
): readonly string[] {
  return image.concealed === true ? mergeArgv(spec, image.config) : argv;
}

function withoutValue(entry: string, cover: Cover): string {
  const equals = entry.indexOf('=', 1);
  return equals < 0 || equals === entry.length - 1 ? entry : `${entry.slice(0, equals + 1)}${cover(entry.slice(equals + 1))}`;
}
