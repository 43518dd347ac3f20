import type { ImageRunConfig, ImageRecord } from '@shiplog/contracts';
import { type ApiVersion, atLeast } from '../http/version.ts';
import { rfc3339 } from './time.ts';

/** Answer of `GET /images/{name}/json`. */
export function imageInspect(image: ImageRecord, version: ApiVersion): object {
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.repoDigests,
    Parent: image.parent ?? '',
    Comment: image.comment ?? '',
    Created: image.created === '' ? rfc3339('') : image.created,
    DockerVersion: '',
    Author: image.author ?? '',
    Config: configOf(image.config),
    ...(atLeast(version, '1.45') ? {} : { Container: '' }),
    // Of the container that an image was made in. Docker leaves it out from API 1.45 on, and compose 1 makes no container anew without it.
    ContainerConfig: configOf({}),
    Architecture: image.architecture,
    ...(image.variant === undefined ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    ...virtualSize(image.size, version),
    GraphDriver: { Data: null, Name: image.storageDriver },
    RootFS: { Type: 'layers', Layers: image.layers.map(({ diffId }) => diffId) },
    Metadata: { LastTagTime: rfc3339(image.lastTaggedAt) },
  };
}

function configOf(config: ImageRunConfig): object {
  return {
    Hostname: '',
    Domainname: '',
    User: config.User ?? '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(config.ExposedPorts === undefined ? {} : { ExposedPorts: config.ExposedPorts }),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.Env ?? null,
    Cmd: config.Cmd ?? null,
    Image: '',
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? '',
    Entrypoint: config.Entrypoint ?? null,
    OnBuild: config.OnBuild ?? null,
    Labels: config.Labels ?? null,
    ...(config.Healthcheck === undefined ? {} : { Healthcheck: config.Healthcheck }),
    ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
    ...(config.StopTimeout === undefined ? {} : { StopTimeout: config.StopTimeout }),
    ...(config.Shell === undefined ? {} : { Shell: config.Shell }),
  };
}

/** Before API 1.44 the size is given twice. */
export function virtualSize(size: number, version: ApiVersion): { readonly VirtualSize?: number } {
  return atLeast(version, '1.44') ? {} : { VirtualSize: size };
}
