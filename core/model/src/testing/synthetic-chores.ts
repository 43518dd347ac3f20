import type { Script, SyntheticHost } from './synthetic-host.ts';
import { asked } from './synthetic-requests.ts';

/** What happens now and then, to no container in particular. `name`: of what it makes; `load` loads an image. */
export function* chore(host: SyntheticHost, name: string, load: (tag: string) => Script): Script {
  const options = { options: {}, labels: {} };
  switch (host.random.integer(7)) {
    case 0:
      yield* load(`registry.example/${name}:1`);
      return;
    case 1: {
      const image = host.random.of([...host.state.images.keys()]);
      yield* host.perform(
        'image.tag',
        { image, reference: `registry.example/${name}:2` },
        { ...asked(host, '/images/{name}/tag'), data: {} },
      );
      return;
    }
    case 2: {
      const image = host.random.of([...host.state.images.keys()]);
      const how = { ...asked(host, '/images/{name}', 'DELETE'), during: ['storage.remove', 'image-store.remove'], data: {} };
      if (host.state.images.size > 8) yield* host.perform('image.remove', { image, force: host.random.chance(0.5), prune: true }, how);
      return;
    }
    case 3: {
      const args = { name, driver: 'bridge', internal: host.random.chance(0.2), ...options };
      yield* host.perform('network.create', args, { ...asked(host, '/networks/create'), during: ['network.createNetwork'], data: {} });
      if (host.state.networks.size < 12) return;
      const network = [...host.state.networks.values()].find((known) => !known.predefined)?.id ?? name;
      yield* host.perform(
        'network.remove',
        { network },
        { ...asked(host, '/networks/{id}', 'DELETE'), during: ['network.removeNetwork'], data: {} },
      );
      return;
    }
    case 4:
      yield* host.perform(
        'volume.create',
        { name, driver: 'local', ...options },
        { ...asked(host, '/volumes/create'), during: ['volume.create'], data: {} },
      );
      if (host.random.chance(0.7))
        yield* host.perform(
          'volume.remove',
          { volume: name, force: false },
          { ...asked(host, '/volumes/{name}', 'DELETE'), during: ['volume.remove'], data: {} },
        );
      return;
    case 5:
      yield* host.perform(
        'container.start',
        { container: `no-such-${name}` },
        { ...asked(host, '/containers/{id}/start'), data: () => host.process() },
      );
      return;
    default: {
      const down = [...host.state.containers.values()].filter(
        ({ id, status, busy }) => status === 'exited' && busy === undefined && !host.taken.has(id),
      );
      const containers = down.slice(0, 3).map(({ id }) => id);
      const data = { removed: containers, reclaimedBytes: 4096 };
      yield* host.perform('container.prune', { containers }, { ...asked(host, '/containers/prune'), during: ['storage.remove'], data });
    }
  }
}
