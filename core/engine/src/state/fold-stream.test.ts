import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EventLog, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { foldStream } from './fold-stream.ts';

const test = suite('folding a stream');

/** A stream of six events, of which the first `gone` are pruned when the third is read. Test double. */
function logOf(gone: number, code: 'LOG_PRUNED' | 'LOG_CORRUPT' = 'LOG_PRUNED') {
  let kept = 0;
  const asked: (number | undefined)[] = [];
  const log: Pick<EventLog, 'revision' | 'readStream'> = {
    revision: () => 5,
    async *readStream(_, from) {
      asked.push(from);
      if (from !== undefined && from < kept) throw new ShiplogError(code, 'gone');
      for (let rev = from ?? kept; rev <= 5; rev += 1) {
        if (rev === 2 && kept < gone) {
          kept = gone;
          throw new ShiplogError(code, 'gone');
        }
        yield { rev } as ShiplogEvent;
      }
    },
  };
  return { log: log as EventLog, asked };
}

const revs = (found: readonly number[], { rev }: ShiplogEvent): readonly number[] => [...found, rev];

test('given a stream, when it is folded, then all its events are, or the last of them', async () => {
  assert.equal(await foldStream(logOf(0).log, 'container/a', [], revs), [0, 1, 2, 3, 4, 5]);
  assert.equal(await foldStream(logOf(0).log, 'container/a', [], revs, 2), [4, 5]);
  assert.equal(await foldStream(logOf(0).log, 'container/a', [], revs, 100), [0, 1, 2, 3, 4, 5]);
});

test('given a stream whose events are pruned while they are read, when it is folded, then it begins anew with what is kept', async () => {
  const { log, asked } = logOf(4);
  assert.equal(await foldStream(log, 'container/a', [], revs), [4, 5]);
  const few = logOf(3);
  assert.equal(await foldStream(few.log, 'container/a', [], revs, 5), [3, 4, 5]);
  assert.equal(
    [asked, few.asked],
    [
      [undefined, undefined],
      [1, undefined],
    ],
  );
});

test('given a stream that cannot be read, when it is folded, then that is told', async () => {
  assert.is(await codeOf(foldStream(logOf(4, 'LOG_CORRUPT').log, 'container/a', [], revs)), 'LOG_CORRUPT');
});

test.run();
