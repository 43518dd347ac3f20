import type { ContainerRecord, ImageHistory, ImageManifest, ImageRunConfig } from '@shiplog/contracts';
import { mergeArgv } from '@shiplog/model';
import type { EngineParts } from '../ports.ts';
import { concealArgv, concealMap, concealText, type Cover } from './conceal.ts';
import { DEFAULT_RULES } from './rules.ts';

/** Shorter ones would be found everywhere. */
const LEAST_LENGTH = 6;

const UNHASHED = /\[concealed:(\d+):\?\]/g;

/** What stands where a secret was. */
const MARK = /\[concealed:([0-9a-f]{16})\]/;

/**
 * Secrets in the configurations of images that were made here: the log has marks, the config blob has the values, and whoever runs or
 * shows an image reads them there. They go with the blob.
 */
export class ImageSecrets {
  constructor(private readonly parts: EngineParts) {}

  /**
   * An image as the log may have it. Variables lose their values, unless the image that it was made of has the same in the log (`base`); texts lose
   * what rules find in them, and the secrets that are `known`, and the values of `assignments` (`NAME=value`) where these stand whole, however short.
   */
  async concealed(
    image: ImageManifest,
    base: Pick<ImageManifest, 'config' | 'history'>,
    known: readonly string[],
    assignments: readonly string[] = [],
  ): Promise<ImageManifest> {
    const values: string[] = [];
    const cover: Cover = (secret) => `[concealed:${values.push(secret) - 1}:?]`;
    const covered = this.#cover(image, base, { known, assignments }, cover);
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

  /** A container with the secrets that are its image's, as it is run: they are not in the command line and the paths of volumes that its creation recorded. */
  async within<C extends Pick<ContainerRecord, 'argv' | 'spec'>>(container: C, whole: ImageManifest): Promise<C> {
    if (whole.concealed !== true) return container;
    const paths = Object.keys(whole.config.Volumes ?? {});
    const mounts = await Promise.all(
      container.spec.mounts.map(async (mount) =>
        MARK.test(mount.target) ? { ...mount, target: await this.#behind(mount.target, paths) } : mount,
      ),
    );
    return { ...container, argv: mergeArgv(container.spec, whole.config), spec: { ...container.spec, mounts } };
  }

  /** The one of `paths` that is recorded as `concealed`; itself if none is. */
  async #behind(concealed: string, paths: readonly string[]): Promise<string> {
    const vault = this.parts.drivers.get('vault', this.parts.chosen.vault);
    const parts = concealed.split(MARK);
    const hashes = parts.filter((_, index) => index % 2 === 1);
    const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const pattern = new RegExp(`^${parts.map((part, index) => (index % 2 === 1 ? String.raw`([\s\S]+?)` : literally(part))).join('')}$`);
    for (const path of paths) {
      const secrets = pattern.exec(path)?.slice(1);
      if (secrets === undefined) continue;
      const found = await Promise.all(secrets.map((secret) => vault.mac(secret)));
      if (found.every((hash, index) => hash.startsWith(hashes[index] ?? ''))) return path;
    }
    return concealed;
  }

  #cover(
    image: ImageManifest,
    base: Pick<ImageManifest, 'config' | 'history'>,
    { known, assignments }: { readonly known: readonly string[]; readonly assignments: readonly string[] },
    cover: Cover,
  ): ImageManifest {
    const rules = this.parts.secretRules ?? DEFAULT_RULES;
    const plain = (text: string): string =>
      known.reduce(
        (rest, secret) => (secret.length < LEAST_LENGTH ? rest : rest.replaceAll(secret, () => cover(secret))),
        assignments.reduce((rest, entry) => rest.replaceAll(entry, () => withoutValue(entry, cover)), text),
      );
    const text = (value: string): string => concealText(plain(value), rules, cover);
    const argv = (words: readonly string[]): readonly string[] => concealArgv(words.map(plain), rules, cover);
    const { Env, Cmd, Entrypoint, Labels, Healthcheck, Shell, OnBuild, StopSignal, User, Volumes, WorkingDir } = image.config;
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
      ...(Volumes === undefined ? {} : { Volumes: Object.fromEntries(Object.entries(Volumes).map(([path, one]) => [text(path), one])) }),
      ...(StopSignal === undefined ? {} : { StopSignal: text(StopSignal) }),
      ...(User === undefined ? {} : { User: text(User) }),
      ...(WorkingDir === undefined ? {} : { WorkingDir: text(WorkingDir) }),
      ...(Shell === undefined ? {} : { Shell: argv(Shell) }),
      ...(OnBuild === undefined ? {} : { OnBuild: OnBuild.map(text) }),
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

function withoutValue(entry: string, cover: Cover): string {
  const equals = entry.indexOf('=', 1);
  return equals < 0 || equals === entry.length - 1 ? entry : `${entry.slice(0, equals + 1)}${cover(entry.slice(equals + 1))}`;
}
