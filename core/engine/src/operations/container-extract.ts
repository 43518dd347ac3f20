import { type ErrorRecord, ShiplogError } from '@shiplog/contracts';
import { interruptible } from '../commands/interruptible.ts';
import { hideAgain, withFiles } from '../files/mounted-files.ts';
import { asked, decided, type Handler } from './handler.ts';

/** What was written until then stays, as with any copy: it is in nobody's way, and copying again replaces it. */
const CUT_OFF: ErrorRecord = {
  code: 'CANCELED',
  message: 'the engine stopped while an archive was unpacked; what had been written until then stays',
};

export const containerExtract: Handler<'container.extract'> = {
  async run(op) {
    const { id } = decided(op);
    const { path, noOverwriteDirNonDir, copyOwner } = await op.revealed(asked(op));
    const { body, signal: gone } = op.streams;
    if (body === undefined) throw new ShiplogError('REQUEST_INVALID', 'the request has no archive');
    const { filesOfContainers, ledger } = op.engine;
    const container = ledger.head.container(id);
    const user =
      container.spec.user === ''
        ? ((await op.engine.images.whole(ledger.head.image(container.imageId))).config.User ?? '')
        : container.spec.user;
    const removed = new AbortController();
    const signal = gone === undefined ? removed.signal : AbortSignal.any([gone, removed.signal]);
    const end = filesOfContainers.begin(id, true, () => removed.abort());
    try {
      return await withFiles(op, container, { bare: false, seed: true }, signal, (files) =>
        op.act('container-files.extract', () =>
          files.extract(path, interruptible(body, signal), {
            keepKinds: noOverwriteDirNonDir,
            signal,
            ...(copyOwner && user !== '' ? { owner: user } : {}),
          }),
        ),
      );
    } finally {
      end();
      await op.engine.secrets.forget(asked(op));
    }
  },
  async recover(op) {
    await hideAgain(op, decided(op).id, { bare: false });
    return { status: 'failed', error: CUT_OFF };
  },
  answer: (_, outcome) => outcome,
};
