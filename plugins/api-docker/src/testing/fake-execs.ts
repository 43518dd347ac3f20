import { randomBytes } from 'node:crypto';
import { ShiplogError } from '@shiplog/contracts';
import type { FakeHandlers } from './fake-handlers.ts';
import { type FakeHost, now, PROCESS } from './fake-host.ts';

/** What the fake engine does with exec sessions. */
export function execCommands(host: FakeHost): FakeHandlers {
  return {
    'exec.create': ({ container, spec }) => {
      const { id: containerId, name, status } = host.state.container(container);
      if (status !== 'running') throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${name} is not running`);
      const id = randomBytes(32).toString('hex');
      return {
        stream: `container/${containerId}`,
        decided: { id, containerId, spec },
        run: async () => {
          host.state.execs.set(id, { id, containerId, spec, status: 'created', createdAt: now(), startedAt: '', finishedAt: '' });
          host.addExecProcess(id, containerId);
          return { outcome: {}, answer: { id } };
        },
      };
    },
    'exec.start': ({ exec }) => {
      const found = host.state.exec(exec);
      return {
        stream: `container/${found.containerId}`,
        decided: { id: found.id, containerId: found.containerId },
        run: async () => {
          if (found.spec.command[0] === 'nosuch') {
            host.state.execs.set(found.id, { ...found, status: 'exited', exitCode: 127 });
            throw new ShiplogError('COMMAND_NOT_FOUND', 'exec: "nosuch"');
          }
          host.state.execs.set(found.id, { ...found, status: 'running', startedAt: now(), process: PROCESS });
          host.process(found.id).start(found.spec.command);
          return { outcome: { process: PROCESS }, answer: { id: found.id } };
        },
      };
    },
  };
}
