import { createHash } from 'node:crypto';
import {
  type Builder,
  type BuildHost,
  type BuildRequest,
  type Built,
  type ImageRecord,
  type Kernel,
  type OperationContext,
  ShiplogError,
} from '@shiplog/contracts';
import { inject, injectable, KERNEL, programDecompressor } from '@shiplog/driver-kit';
import { type Decompressor, dockerignore, shellWord } from '@shiplog/oci';
import { BuildArgs } from './build-args.ts';
import { type Instruction, invalid, parseDockerfile, parseTrigger } from './dockerfile.ts';
import { SourceTree } from './source-tree.ts';
import { StageBuild } from './stage-build.ts';
import { planOf, type Stage } from './stages.ts';

const TEXT_LIMIT = 1024 * 1024;

/** Builds as Docker's classic builder does: stage after stage, every instruction an image. Keeps nothing. */
@injectable()
export class DockerfileBuilder implements Builder {
  readonly #decompressor: Decompressor;

  constructor(@inject(KERNEL) kernel: Kernel) {
    this.#decompressor = programDecompressor(kernel);
  }

  async build(request: BuildRequest, host: BuildHost, { signal }: OperationContext): Promise<Built> {
    const whole = new SourceTree(host.context);
    const source = await whole.text(request.dockerfile, TEXT_LIMIT);
    if (source === undefined) throw invalid(`Cannot locate specified Dockerfile: ${request.dockerfile}`, { path: request.dockerfile });
    const { globals, stages } = planOf(parseDockerfile(source, request.dockerfile), request.target);
    const ignore = await whole.text('.dockerignore', TEXT_LIMIT);
    const context = ignore === undefined ? whole : new SourceTree(host.context, dockerignore(ignore).ignores);
    const args = new BuildArgs(request.buildArgs);
    const labels = Object.keys(request.labels).length > 0;
    const steps = globals.length + stages.reduce((sum, stage) => sum + 1 + stage.steps.length, 0) + (labels ? 1 : 0);
    let step = 0;
    const begin = (text: string): void => {
      if (signal.aborted) throw new ShiplogError('CANCELED', 'the caller went away');
      step += 1;
      host.print(`Step ${step}/${steps} : ${text}\n`);
    };
    for (const instruction of globals) {
      begin(instruction.text);
      args.declareGlobal(instruction);
    }
    const built: { readonly name: string; readonly image: ImageRecord['id'] }[] = [];
    const stageNamed = (name: string) => built.find((stage, index) => stage.name === name.toLowerCase() || String(index) === name)?.image;
    for (const stage of stages) {
      begin(stage.from.text);
      args.beginStage();
      const at = <T>(instruction: Instruction, work: Promise<T>): Promise<T> => located(instruction, request.dockerfile, work);
      const base = await at(stage.from, baseOf(stage, args, host, request, stageNamed));
      host.print(` ---> ${base.history.length === 0 && base.layers.length === 0 ? '' : base.id.slice(7, 19)}\n`);
      const under = new StageBuild({ host, request, args, context, signal, decompressor: this.#decompressor, stage: stageNamed }, base);
      await at(stage.from, fire(under, request.dockerfile, host));
      for (const instruction of stage.steps) {
        begin(instruction.text);
        await at(instruction, under.run(instruction));
      }
      if (stage === stages.at(-1) && labels) {
        begin(
          `LABEL ${Object.entries(request.labels)
            .map(([name, value]) => `${name}=${value}`)
            .join(' ')}`,
        );
        await under.label(request.labels);
      }
      built.push({ name: stage.name, image: under.image });
    }
    const image = built.at(-1)?.image;
    const scratch = stages.at(-1);
    if (image === undefined || scratch === undefined) throw invalid('no build stage in current context');
    if ((await host.image(image))?.history.length === 0) throw invalid('No image was generated. Is your Dockerfile empty?');
    if (args.unused.length > 0) host.print(`[Warning] One or more build-args [${args.unused.join(' ')}] were not consumed\n`);
    for (const tag of request.tags) await host.tag(image, tag);
    return { image, dockerfile: createHash('sha256').update(source).digest('hex') };
  }
}

/** What a stage begins with: nothing, a stage before it, or an image, which is asked of sources where it is not here. */
async function baseOf(
  { from, base }: Stage,
  args: BuildArgs,
  host: BuildHost,
  { pull, platform: usual = '' }: BuildRequest,
  stageNamed: (name: string) => ImageRecord['id'] | undefined,
): Promise<ImageRecord> {
  const name = shellWord(base, args.globals);
  if (name === '') throw invalid(`base name (${base}) should not be blank`);
  const before = stageNamed(name);
  // By number only copies name them.
  if (before !== undefined && !/^\d+$/.test(name)) {
    const image = await host.image(before);
    if (image !== undefined) return image;
  }
  if (name === 'scratch') return host.scratch();
  const platform = shellWord(from.flags.get('platform') ?? usual, args.globals);
  const known = pull ? undefined : await host.image(name);
  const image = known ?? (await host.pull(name, platform === '' ? undefined : platform));
  const { os, architecture } = image;
  const [wantedOs, wantedArchitecture = architecture] = platform === '' ? [os] : platform.split('/');
  if (wantedOs !== os || wantedArchitecture !== architecture)
    throw invalid(
      `image with reference ${name} was found but does not match the specified platform: wanted ${platform}, actual: ${os}/${architecture}`,
    );
  return image;
}

/** Executes what the image of a stage has to be done first. */
async function fire(stage: StageBuild, dockerfile: string, host: BuildHost): Promise<void> {
  const { triggers } = stage;
  if (triggers.length === 0) return;
  host.print(`# Executing ${triggers.length} build trigger${triggers.length === 1 ? '' : 's'}\n`);
  for (const trigger of triggers) {
    const instruction = parseTrigger(trigger);
    if (instruction.keyword === 'ONBUILD' || instruction.keyword === 'FROM' || instruction.keyword === 'MAINTAINER')
      throw invalid(`${instruction.keyword} isn't allowed as an ONBUILD trigger`);
    await located(instruction, dockerfile, stage.run(instruction));
  }
}

/** Adds to what fails the line of the Dockerfile that it is at. What fails in a copy says so, as with Docker. */
async function located<T>({ keyword, line }: Instruction, dockerfile: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    const copies = error.code === 'BUILD_INVALID' && (keyword === 'COPY' || keyword === 'ADD');
    const message = copies ? `${keyword} failed: ${error.message}` : error.message;
    // A trigger has no line: the FROM that brought it has.
    throw new ShiplogError(error.code, message, line === 0 ? error.facts : { ...error.facts, dockerfile, line }, { cause: error });
  }
}
