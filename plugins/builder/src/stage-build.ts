import { posix } from 'node:path';
import type { BuildFiles, BuildHost, BuildRequest, BuildStep, Digest, ImageRecord, ImageRunConfig } from '@shiplog/contracts';
import {
  createdByOf,
  type Decompressor,
  instructionWords,
  shellWord,
  shellWords,
  type TarEntryInput,
  workingDirectory,
  writeTar,
} from '@shiplog/oci';
import type { BuildArgs } from './build-args.ts';
import { type Copy, copiedEntries, digestOf, directory, missingDirectories } from './copy.ts';
import { type Instruction, invalid } from './dockerfile.ts';
import { labelStep, metadataStep, nopOf, variablesOf } from './metadata.ts';
import { failed } from './command-failed.ts';
import { SourceTree } from './source-tree.ts';

/** What stages of a build have in common. */
export interface StageParts {
  readonly host: BuildHost;
  readonly request: BuildRequest;
  readonly args: BuildArgs;
  readonly context: SourceTree;
  readonly signal: AbortSignal;
  /** Of what is added, bzip2 and xz. */
  readonly decompressor: Decompressor;
  /** The image of a stage that came before, by name or number; undefined for any other name. */
  stage(name: string): Digest | undefined;
}

/** What a step does to a container before it is committed. */
type Work = (container: string) => Promise<void>;

/** One stage under way: an image, and what instructions make of it one after the other. */
export class StageBuild {
  readonly #parts: StageParts;
  #image: ImageRecord;
  #author: string;
  readonly #base: Digest;
  #hasCommand = false;

  constructor(parts: StageParts, image: ImageRecord) {
    this.#parts = parts;
    this.#image = image;
    this.#base = image.id;
    this.#author = image.author ?? '';
  }

  get image(): Digest {
    return this.#image.id;
  }

  /** Triggers of the image that a stage begins with. */
  get triggers(): readonly string[] {
    return this.#image.config.OnBuild ?? [];
  }

  async run(instruction: Instruction): Promise<void> {
    const { keyword, rest } = instruction;
    const { args } = this.#parts;
    const config = this.#config;
    switch (keyword) {
      case 'RUN':
        return this.#runCommand(instruction);
      case 'COPY':
      case 'ADD':
        return this.#copy(instruction);
      case 'WORKDIR':
        return this.#workingDirectory(shellWord(rest, this.#variables));
      case 'ARG':
        return this.#metadata({ createdBy: `${nopOf(config)} ARG`, arg: [args.declare(instruction, variablesOf(config))] });
      case 'MAINTAINER':
        this.#author = rest;
        return this.#metadata({ createdBy: `${nopOf(config)} MAINTAINER ${rest}` });
      default: {
        const step = metadataStep(instruction, { config, args: args.variables, hasCommand: this.#hasCommand });
        if (step === undefined) throw invalid(`${keyword} is not allowed here`);
        await this.#metadata(step);
        if (keyword === 'CMD') this.#hasCommand = true;
      }
    }
  }

  /** Of the image so far. Triggers of the one that the stage begins with are not of what is built. */
  get #config(): ImageRunConfig {
    const { OnBuild: _, ...config } = this.#image.config;
    return this.image === this.#base ? config : this.#image.config;
  }

  /** Labels of the request. */
  async label(labels: { readonly [name: string]: string }): Promise<void> {
    await this.#metadata(labelStep(labels, this.#config));
  }

  get #variables(): ReadonlyMap<string, string> {
    return new Map([...this.#parts.args.variables, ...variablesOf(this.#config)]);
  }

  async #runCommand({ rest }: Instruction): Promise<void> {
    const { host, args, request, signal } = this.#parts;
    const config = this.#config;
    const command = instructionWords(rest) ?? [...(config.Shell ?? ['/bin/sh', '-c']), rest];
    if (command.length === 0) throw invalid('RUN requires at least one argument');
    const { env, counted } = args.commandEnv(variablesOf(config));
    const step: BuildStep = { createdBy: command.join(' '), ...(counted.length === 0 ? {} : { buildArgs: counted }) };
    if (await this.#cached(step)) return;
    const container = await host.create({ image: this.image, command, env });
    let keep = !request.forceRemove;
    try {
      host.print(` ---> Running in ${container.slice(0, 12)}\n`);
      const exitCode = await host.run(container);
      if (exitCode !== 0) throw failed(command, exitCode);
      await this.#commit(container, step);
      keep = !request.remove;
    } finally {
      if (!keep || signal.aborted) await host.remove(container);
    }
    if (!keep) host.print(`Removing intermediate container ${container.slice(0, 12)}\n`);
    this.#tell();
  }

  async #metadata(step: BuildStep): Promise<void> {
    if (await this.#cached(step)) return;
    await this.#made(step, async () => undefined, true);
  }

  async #workingDirectory(asked: string): Promise<void> {
    const config = this.#config;
    const { host } = this.#parts;
    const given = asked.startsWith('/') ? asked : `${config.WorkingDir ?? ''}/${asked}`;
    const WorkingDir = workingDirectory({ workingDir: given }, {});
    const step = { createdBy: `${nopOf(config)}WORKDIR ${WorkingDir}`, config: { WorkingDir } };
    if (await this.#cached(step)) return;
    await this.#made(
      step,
      async (container) => {
        const missing = await this.#reading(container, (files) => missingDirectories(files, WorkingDir));
        if (missing.length > 0) await host.extract(container, '/', writeTar(missing.map((path) => directory(path))));
      },
      true,
    );
  }

  async #copy({ keyword, flags, rest }: Instruction): Promise<void> {
    const { host, context } = this.#parts;
    const from = flags.get('from');
    if (from === undefined) return this.#copyFrom(keyword, context, rest, flags);
    const source = await host.create({ image: await this.#sourceImage(from) });
    try {
      const files = await host.files(source);
      try {
        await this.#copyFrom(keyword, new SourceTree(files), rest, flags);
      } finally {
        await files.close();
      }
    } finally {
      await host.remove(source);
    }
  }

  async #sourceImage(name: string): Promise<Digest> {
    const { host, stage } = this.#parts;
    const known = stage(name);
    if (known !== undefined) return known;
    if (/^\d+$/.test(name)) throw invalid(`invalid from flag value ${name}: invalid stage index`);
    return ((await host.image(name)) ?? (await host.pull(name))).id;
  }

  async #copyFrom(keyword: string, tree: SourceTree, rest: string, flags: ReadonlyMap<string, string>): Promise<void> {
    const { host } = this.#parts;
    const config = this.#config;
    const words = instructionWords(rest)?.map((word) => shellWord(word, this.#variables)) ?? shellWords(rest, this.#variables);
    const destination = words.at(-1) ?? '';
    if (words.length < 2)
      throw invalid(`${keyword} requires at least two arguments, but only one was provided. Destination could not be determined.`);
    const remote = words.find((word) => /^(?:https?|ftp):\/\/|^git@|^git:\/\//.test(word));
    if (remote !== undefined && keyword === 'ADD')
      throw invalid('ADD of URLs is not supported by this engine; fetch with RUN, or put the file into the context');
    const owner = shellWord(flags.get('chown') ?? '', this.#variables);
    const sources = (await Promise.all(words.slice(0, -1).map((word) => tree.find(word)))).flat();
    const copy: Copy = {
      decompressor: this.#parts.decompressor,
      keyword,
      tree,
      sources,
      owner,
      destination: absolute(destination, config.WorkingDir),
    };
    const what = `${owner === '' ? '' : `--chown=${owner} `}${await digestOf(copy)}`;
    const step = { createdBy: `${nopOf(config)}${keyword} ${what} in ${destination} ` };
    if (await this.#cached(step)) return;
    await this.#made(
      step,
      async (container) => {
        const entries: AsyncGenerator<TarEntryInput> = await this.#reading(container, (files) => copiedEntries(copy, files));
        await host.extract(container, '/', writeTar(entries));
      },
      false,
    );
  }

  async #reading<R>(container: string, read: (files: BuildFiles) => Promise<R>): Promise<R> {
    const files = await this.#parts.host.files(container);
    try {
      return await read(files);
    } finally {
      await files.close();
    }
  }

  /** Goes on from an image that the same step has made of this one before. */
  async #cached(step: BuildStep): Promise<boolean> {
    const { host, request } = this.#parts;
    if (request.noCache) return false;
    const createdBy = createdByOf(step);
    const found = (await host.children(this.image)).find(
      ({ history, author = '' }) => history.at(-1)?.created_by === createdBy && author === this.#author,
    );
    if (found === undefined) return false;
    host.print(' ---> Using cache\n');
    this.#image = found;
    this.#tell();
    return true;
  }

  /** Makes a container, has it worked on, and commits it. */
  async #made(step: BuildStep, work: Work, told: boolean): Promise<void> {
    const { host, request, signal } = this.#parts;
    const container = await host.create({ image: this.image });
    let keep = false;
    try {
      if (told) host.print(` ---> Running in ${container.slice(0, 12)}\n`);
      await work(container);
      await this.#commit(container, step);
      keep = !request.remove && !signal.aborted;
    } finally {
      if (!keep) await host.remove(container);
    }
    if (told && !keep) host.print(`Removing intermediate container ${container.slice(0, 12)}\n`);
    this.#tell();
  }

  async #commit(container: string, step: BuildStep): Promise<void> {
    const isFirst = this.image === this.#base && this.triggers.length > 0;
    const cleared = isFirst ? { ...step, config: { OnBuild: [], ...step.config } } : step;
    this.#image = await this.#parts.host.commit(container, cleared, this.#author);
  }

  #tell(): void {
    this.#parts.host.print(` ---> ${this.image.slice('sha256:'.length, 'sha256:'.length + 12)}\n`);
  }
}

/** A destination from the root on, with the slash at its end that says it is a directory. */
function absolute(destination: string, from = '/'): string {
  const isDirectory = /(?:^|\/)\.?$/.test(destination);
  const path = posix.join('/', destination.startsWith('/') ? destination : posix.join(from, destination));
  return isDirectory && !path.endsWith('/') ? `${path}/` : path;
}
