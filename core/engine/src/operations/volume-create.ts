import { volumeArgs, volumeDriver } from '../containers/container-volumes.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const volumeCreate: Handler<'volume.create'> = {
  async run(op) {
    const volume = await op.revealed(decided(op));
    const { mountpoint } = await op.step('volume', volumeDriver(op.engine, volume.driver), 'create', volumeArgs(volume));
    return mountpoint === undefined ? {} : { mountpoint };
  },
  async recover(op) {
    const volume = await op.engine.secrets.known(decided(op));
    await op.step('volume', volumeDriver(op.engine, volume.driver), 'remove', volumeArgs(volume));
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ name }) => ({ name }),
};
