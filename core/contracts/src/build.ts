import type { ContainerSpec } from './container-spec.ts';
import type { ImageRunConfig } from './image.ts';

/** What the containers that a build runs its commands in are like; see {@link ContainerSpec}. */
export type BuildContainers = Pick<ContainerSpec, 'networkMode' | 'shmSizeBytes' | 'ulimits' | 'resources' | 'extraHosts'>;

/** What is to be built. */
export interface BuildSpec {
  /** Path in the context. */
  readonly dockerfile: string;
  /** The stage that is wanted, by name or number; the last one if absent. */
  readonly target?: string;
  /** `os/architecture[/variant]` of images that it begins with; what this host runs if absent. */
  readonly platform?: string;
  readonly tags: readonly string[];
  readonly labels: { readonly [label: string]: string };
  /** Names of the build arguments; values come beside the command, and are not recorded. */
  readonly buildArgs: readonly string[];
  readonly noCache: boolean;
  /** Ask for newer images, also of those that are here. */
  readonly pull: boolean;
  /** Remove the containers of steps that went well. */
  readonly remove: boolean;
  /** And of the step that did not. */
  readonly forceRemove: boolean;
  readonly containers: BuildContainers;
}

/**
 * What an instruction of a Dockerfile made of a container. The image that comes of it is configured as the container's image is, not as the container, with `config`
 * over it.
 */
export interface BuildStep {
  /** As the image's history has it, but for what comes next. */
  readonly createdBy: string;
  /** `NAME=value`: what a command was run with, before `createdBy` in the history. The log has names. */
  readonly buildArgs?: readonly string[];
  /** `NAME=value`: variables that are set, behind `createdBy` in the history. The log has names. */
  readonly env?: readonly string[];
  /** The same of a build argument that is declared, which sets nothing. */
  readonly arg?: readonly string[];
  /** Fields that replace those of the image. */
  readonly config?: ImageRunConfig;
}
