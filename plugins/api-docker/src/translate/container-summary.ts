import type { ContainerRecord, ContainerSize, StateView } from '@shiplog/contracts';
import { isUp, statusText } from './container-status.ts';
import { sizesOf } from './container-inspect.ts';
import { labelsOf } from './effective-config.ts';
import { hostAddress, networksOf, publishedPorts } from './endpoint-settings.ts';
import { mountPoints } from './mount-points.ts';
import { unixSeconds } from './time.ts';

export interface SummaryOptions {
  /** Nanoseconds since the epoch. */
  readonly now: bigint;
  /** Adds SizeRw and SizeRootFs. */
  readonly size?: ContainerSize | undefined;
}

/** One entry of `GET /containers/json`. */
export function containerSummary(container: ContainerRecord, view: StateView, options: SummaryOptions): object {
  const image = view.images.get(container.imageId);
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: imageName(container, view),
    ImageID: container.imageId,
    Command: commandText(container.argv),
    Created: unixSeconds(container.createdAt),
    Ports: portsOf(container),
    ...sizesOf(options.size),
    Labels: labelsOf(container.spec, image),
    State: container.status,
    Status: statusText(container, options.now),
    HostConfig: {
      NetworkMode: container.spec.networkMode,
      ...(Object.keys(container.spec.annotations).length === 0 ? {} : { Annotations: container.spec.annotations }),
    },
    NetworkSettings: { Networks: networksOf(container, view) },
    Mounts: mountPoints(container.spec, view),
  };
}

/** The reference it was made from; the image's id once that means another image. */
function imageName(container: ContainerRecord, view: StateView): string {
  const { image } = container.spec;
  const familiar = [...view.images.values()].filter(
    (candidate) => candidate.tags.includes(image) || candidate.tags.includes(`${image}:latest`),
  );
  return familiar.length === 0 || familiar.some(({ id }) => id === container.imageId) ? image : container.imageId;
}

function commandText(argv: readonly string[]): string {
  const [path = '', ...args] = argv;
  return [path, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

function portsOf(container: ContainerRecord): readonly object[] {
  if (!isUp(container)) return [];
  const published = publishedPorts(container);
  const open = container.spec.exposedPorts.flatMap((text) => {
    const [port = '', protocol = 'tcp'] = text.split('/');
    const isPublished = published.some((binding) => binding.containerPort === Number(port) && binding.protocol === protocol);
    return isPublished ? [] : [{ PrivatePort: Number(port), Type: protocol }];
  });
  return [
    ...published.map((binding) => ({
      IP: hostAddress(binding),
      PrivatePort: binding.containerPort,
      PublicPort: binding.hostPort,
      Type: binding.protocol,
    })),
    ...open,
  ];
}
