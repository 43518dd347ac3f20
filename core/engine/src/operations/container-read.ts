import { type ErrorRecord, type OpenFiles, ShiplogError } from '@shiplog/contracts';
import { interruptible } from '../commands/interruptible.ts';
import { hideAgain, withFiles } from '../files/mounted-files.ts';
import type { Operation } from '../commands/operation.ts';
import { asked, decided, type Handler } from './handler.ts';

type FileReadVerb = 'container.stat' | 'container.archive' | 'container.export';

const CUT_OFF: ErrorRecord = { code: 'CANCELED', message: 'the engine stopped while this was read; part of it may have been taken' };

export const containerStat: Handler<'container.stat'> = {
  async run(op) {
    await read(op, async (files) => {
      await files.stat(asked(op).path);
      return 0;
    });
    return {};
  },
  recover,
  answer: () => ({}),
};

export const containerArchive: Handler<'container.archive'> = {
  run: async (op) => ({ bytes: await read(op, async (files, canceled) => drained((await files.archive(asked(op).path)).tar, canceled)) }),
  recover,
  answer: (_, outcome) => outcome,
};

export const containerExport: Handler<'container.export'> = {
  run: async (op) => ({ bytes: await read(op, (files, canceled) => drained(files.export(), canceled)) }),
  recover,
  answer: (_, outcome) => outcome,
};

/** Opens the files for whoever takes them, or else for `all`; answers how many bytes were taken. */
async function read<T extends FileReadVerb>(
  op: Operation<T>,
  all: (files: OpenFiles, canceled: AbortSignal) => Promise<number>,
): Promise<number> {
  const { filesOfContainers, ledger } = op.engine;
  const { id, mounts } = decided<FileReadVerb>(op);
  const container = ledger.head.container(id);
  // It keeps still only where it was to be mounted.
  if (!mounts && container.process === undefined)
    throw new ShiplogError('CONTAINER_NOT_RUNNING', 'the container ended in this moment, try again', { id });
  const { take = all, signal } = op.streams;
  const left = new AbortController();
  const canceled = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const end = filesOfContainers.begin(id, false, () => left.abort());
  try {
    return await withFiles(op, container, { bare: isBare(op), seed: false }, canceled, (files) =>
      op.act(`container-files.${op.verb.slice(op.verb.indexOf('.') + 1)}`, () => take(files, canceled)),
    );
  } finally {
    end();
  }
}

async function recover<T extends FileReadVerb>(op: Operation<T>) {
  await hideAgain(op, decided<FileReadVerb>(op).id, { bare: isBare(op) });
  return { status: 'failed', error: CUT_OFF } as const;
}

function isBare({ verb }: Pick<Operation<FileReadVerb>, 'verb'>): boolean {
  return verb === 'container.export';
}

async function drained(tar: AsyncIterable<Uint8Array>, canceled: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const chunk of interruptible(tar, canceled)) bytes += chunk.byteLength;
  return bytes;
}
