import {
  type ContainerRecord,
  type ExecRecord,
  type ImageRecord,
  type NetworkRecord,
  type OpenOperation,
  ShiplogError,
  type StateView,
  type VolumeRecord,
} from '@shiplog/contracts';

/** A state over plain maps, with the lookups of the contract. Test double. */
export class FakeView implements StateView {
  seq = -1;
  readonly containers = new Map<string, ContainerRecord>();
  readonly execs = new Map<string, ExecRecord>();
  readonly images = new Map<string, ImageRecord>();
  readonly networks = new Map<string, NetworkRecord>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly plugins = new Map();
  readonly openOperations = new Map<string, OpenOperation>();

  container(ref: string): ContainerRecord {
    const found = [...this.containers.values()].find(({ id, name }) => name === ref || id.startsWith(ref));
    if (found === undefined) throw new ShiplogError('CONTAINER_NOT_FOUND', `No such container: ${ref}`);
    return found;
  }

  exec(ref: string): ExecRecord {
    const found = [...this.execs.values()].find(({ id }) => id.startsWith(ref));
    if (found === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `No such exec instance: ${ref}`);
    return found;
  }

  image(ref: string): ImageRecord {
    const found = [...this.images.values()].find(
      ({ id, tags }) => tags.includes(ref) || tags.includes(`${ref}:latest`) || id === ref || id.slice(7).startsWith(ref),
    );
    if (found === undefined) throw new ShiplogError('IMAGE_NOT_FOUND', `No such image: ${/:[^/]+$/.test(ref) ? ref : `${ref}:latest`}`);
    return found;
  }

  network(ref: string): NetworkRecord {
    const all = [...this.networks.values()];
    const found = all.find(({ name }) => name === ref) ?? all.find(({ id }) => id.startsWith(ref));
    if (found === undefined) throw new ShiplogError('NETWORK_NOT_FOUND', `network ${ref} not found`);
    return found;
  }

  volume(name: string): VolumeRecord {
    const found = this.volumes.get(name);
    if (found === undefined) throw new ShiplogError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
    return found;
  }
}
