import { execProcess } from '@shiplog/oci';
import { decided, type Handler, UNKNOWN } from './handler.ts';

export const execStart: Handler<'exec.start'> = {
  async run(op) {
    const { id, containerId } = decided(op);
    const { engine } = op;
    const { head } = engine.ledger;
    const exec = await op.revealed(head.exec(id));
    const container = await op.revealed(head.container(containerId));
    const image = await engine.images.whole(head.image(container.imageId));
    const [own, inherited] = await Promise.all([engine.environment.unseal(exec.spec.env), engine.environment.unseal(container.spec.env)]);
    const process = execProcess({
      container,
      image,
      exec,
      hostname: container.spec.hostname ?? containerId.slice(0, 12),
      containerEnv: inherited,
      env: own,
    });
    const user = exec.spec.user !== '' ? exec.spec.user : container.spec.user !== '' ? container.spec.user : (image.config.User ?? '');
    await op.step(
      'runtime',
      container.runtime,
      'execCreate',
      { id: containerId, exec: id, process, user, terminal: exec.spec.tty, stdin: exec.spec.attachStdin },
      { undoArgs: { id: containerId, exec: id } },
    );
    await engine.io.connect(container.runtime, { id: containerId, exec: id });
    return op.step(
      'runtime',
      container.runtime,
      'execStart',
      { id: containerId, exec: id },
      { facts: (answer) => ({ pid: answer.process.pid }) },
    );
  },
  async recover(op) {
    const { id, containerId } = decided(op);
    const container = op.engine.ledger.head.containers.get(containerId);
    if (container !== undefined) await op.step('runtime', container.runtime, 'execRemove', { id: containerId, exec: id });
    return { status: 'unknown', error: UNKNOWN };
  },
  answer: ({ id }) => ({ id }),
};
