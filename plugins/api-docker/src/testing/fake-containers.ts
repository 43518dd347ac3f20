import { randomBytes } from 'node:crypto';
import { type ContainerRecord, ShiplogError } from '@shiplog/contracts';
import { fakeStat } from './fake-files.ts';
import type { FakeHandlers } from './fake-handlers.ts';
import { type FakeHost, now, PROCESS } from './fake-host.ts';

/** What the fake engine does with containers. */
export function containerCommands(host: FakeHost): FakeHandlers {
  return {
    'container.create': ({ name, spec }) => {
      const image = host.state.image(spec.image);
      const taken = [...host.state.containers.values()].find((container) => container.name === name);
      if (name !== undefined && taken !== undefined) {
        throw new ShiplogError(
          'CONTAINER_NAME_IN_USE',
          `Conflict. The container name "/${name}" is already in use by container "${taken.id}".`,
        );
      }
      const id = randomBytes(32).toString('hex');
      const decided = {
        id,
        name: name ?? `fake_${id.slice(0, 6)}`,
        spec,
        imageId: image.id,
        argv: [...(spec.entrypoint ?? []), ...(spec.cmd ?? image.config.Cmd ?? [])],
        storageDriver: 'vfs',
        runtime: 'crun',
        logDriver: spec.logDriver,
        logPath: `/var/lib/shiplog/logs/${id}`,
      };
      return {
        stream: `container/${id}`,
        decided,
        run: async () => {
          host.state.containers.set(id, { ...decided, ...newContainer(), createdAt: now() });
          host.addProcess(id);
          return { outcome: { warnings: [] }, answer: { id, warnings: [] } };
        },
      };
    },
    'container.start': ({ container }) => {
      const { id, argv, status } = host.state.container(container);
      if (status === 'running') throw new ShiplogError('CONTAINER_ALREADY_STARTED', 'it runs already');
      return {
        stream: `container/${id}`,
        decided: { id, endpoints: [], sandbox: 'bridge' },
        run: async () => {
          if (argv[0] === 'nosuch') {
            host.process(id).fail();
            throw new ShiplogError('COMMAND_NOT_FOUND', 'exec: "nosuch"');
          }
          host.patch(id, { status: 'running', startedAt: now(), process: PROCESS });
          host.process(id).start(argv);
          return { outcome: { process: PROCESS }, answer: { id } };
        },
      };
    },
    'container.extract': ({ container, path }, { body }) => {
      const { id } = host.state.container(container);
      return {
        stream: `container/${id}`,
        decided: { id, path },
        run: async () => {
          let bytes = 0;
          for await (const chunk of body ?? []) bytes += chunk.byteLength;
          fakeStat(path);
          return { outcome: { entries: 1, bytes }, answer: { entries: 1, bytes } };
        },
      };
    },
    'container.stop': ({ container }) => {
      const { id, status } = host.state.container(container);
      if (status !== 'running') throw new ShiplogError('CONTAINER_ALREADY_STOPPED', 'it does not run');
      return {
        stream: `container/${id}`,
        decided: { id, signal: 15, timeoutSeconds: 10 },
        run: async (op) => {
          host.signal(op, id, 'container.stop', 15);
          return { outcome: { exitCode: 143 }, answer: { id, exitCode: 143 } };
        },
      };
    },
    'container.kill': ({ container, signal }) => {
      const { id, name, status } = host.state.container(container);
      if (status !== 'running') throw new ShiplogError('CONTAINER_NOT_RUNNING', `cannot kill container: ${name}: container is not running`);
      const number = signal === 'TERM' || signal === 'SIGTERM' ? 15 : 9;
      return {
        stream: `container/${id}`,
        decided: { id, signal: number },
        run: async (op) => {
          host.signal(op, id, 'container.kill', number);
          return { outcome: {}, answer: { id } };
        },
      };
    },
    'container.update': ({ container, limits, restart }) => {
      const { id, spec } = host.state.container(container);
      return {
        stream: `container/${id}`,
        decided: { id, limits, ...(restart === undefined ? {} : { restart }) },
        run: async () => {
          host.patch(id, { spec: { ...spec, resources: { ...spec.resources, ...limits }, restart: restart ?? spec.restart } });
          return { outcome: { warnings: [] }, answer: { id, warnings: [] } };
        },
      };
    },
    'container.rename': ({ container, name }) => {
      const { id, name: oldName } = host.state.container(container);
      return {
        stream: `container/${id}`,
        decided: { id, name, oldName },
        run: async () => {
          host.patch(id, { name });
          return { outcome: {}, answer: { id } };
        },
      };
    },
    'container.remove': ({ container, force }) => {
      const { id, name, status } = host.state.container(container);
      if (status === 'running' && !force) {
        throw new ShiplogError(
          'CONTAINER_RUNNING',
          `cannot remove container "${name}": container is running: stop the container before removing or force remove`,
        );
      }
      return {
        stream: `container/${id}`,
        decided: { id, kill: force, volumes: [] },
        run: async (op) => {
          if (status === 'running') host.signal(op, id, 'container.remove', 9);
          host.state.containers.delete(id);
          host.wake();
          return { outcome: {}, answer: { id } };
        },
      };
    },
    'container.prune': ({ containers }) => ({
      stream: 'engine',
      decided: { ids: containers },
      run: async () => {
        for (const id of containers) host.state.containers.delete(id);
        return { outcome: { removed: containers, reclaimedBytes: 0 }, answer: { removed: containers, reclaimedBytes: 0 } };
      },
    }),
  };
}

function newContainer(): Omit<
  ContainerRecord,
  'id' | 'name' | 'spec' | 'imageId' | 'argv' | 'createdAt' | 'storageDriver' | 'runtime' | 'logDriver' | 'logPath'
> {
  return {
    status: 'created',
    startedAt: '',
    finishedAt: '',
    exitCode: 0,
    oomKilled: false,
    error: '',
    restartCount: 0,
    stopRequested: false,
    endpoints: {},
    active: false,
    execIds: [],
  };
}
