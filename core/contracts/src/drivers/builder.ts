import type { BuildSpec, BuildStep } from '../build.ts';
import type { Digest } from '../image.ts';
import type { ImageRecord } from '../state.ts';
import type { Extracted, OpenFiles } from './container-files.ts';
import type { OperationContext } from './context.ts';

/** Files that a build reads from. */
export type BuildFiles = Pick<OpenFiles, 'stat' | 'archive' | 'close'>;

/** How a container of a build is to be made: what is absent is as its image says. */
export interface BuildContainer {
  readonly image: Digest;
  /** Runs instead of what the image would; nothing is run where it is absent. */
  readonly command?: readonly string[];
  /** `NAME=value`. */
  readonly env?: readonly string[];
}

/**
 * What the engine does for a builder. What makes, runs, commits, names or removes something is a command of the engine, recorded with the build as its cause: it is in the
 * state at once, and a build that is cut off is cleared away by what is recorded. What is read and copied are steps of the build.
 */
export interface BuildHost {
  /** What is built from, as the client sent it. */
  readonly context: BuildFiles;
  /** The image of a name or id, with its secrets; undefined where there is none. */
  image(reference: string): Promise<ImageRecord | undefined>;
  /** Asks image sources, for a platform or for this host's. Throws IMAGE_NOT_FOUND. */
  pull(reference: string, platform?: string): Promise<ImageRecord>;
  /** An image without layers. */
  scratch(): Promise<ImageRecord>;
  /** Images that were built of one, with their secrets, the newest first. */
  children(image: Digest): Promise<readonly ImageRecord[]>;
  /** Makes a container and answers its id. */
  create(container: BuildContainer): Promise<string>;
  /** Starts it, tells what it writes, and answers its exit code. */
  run(container: string): Promise<number>;
  /** Takes a tar in at a directory of a container that does not run, beneath its volumes; see OpenFiles.extract. */
  extract(container: string, path: string, tar: AsyncIterable<Uint8Array>): Promise<Extracted>;
  /** Files of a container that does not run. Whoever got them closes them, before anything else is done with the container. */
  files(container: string): Promise<BuildFiles>;
  /** Makes an image of a container. `author` is the image's. */
  commit(container: string, step: BuildStep, author: string): Promise<ImageRecord>;
  /** Gives an image a name. */
  tag(image: Digest, reference: string): Promise<void>;
  /** Removes a container, running or not. Succeeds for one that is gone, and goes on when the client has left. */
  remove(container: string): Promise<void>;
  /** Says something to the client, as it is. */
  print(text: string): void;
}

/** What is to be built, and the values of its build arguments; null takes the one of the Dockerfile. */
export interface BuildRequest extends Omit<BuildSpec, 'buildArgs' | 'containers'> {
  readonly buildArgs: { readonly [name: string]: string | null };
}

/** What came of a build. */
export interface Built {
  readonly image: Digest;
  /** SHA-256 of the Dockerfile, hex. */
  readonly dockerfile: string;
}

/**
 * Builds images as a Dockerfile says. Driver kind `builder`. It touches nothing itself: all it does goes through its host.
 *
 * Throws BUILD_INVALID for a Dockerfile that cannot be read, BUILD_FAILED where a command fails, with its exit code in the fact `exitCode`, or what the host throws.
 */
export interface Builder {
  build(request: BuildRequest, host: BuildHost, ctx: OperationContext): Promise<Built>;
}
