import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AddCheck, lines } from './lab.ts';

/** Patience with a reading that nobody wants any more. */
const LEAVE_MS = 5000;

/** What drivers do that can read back; of others, that they say so. */
export function readingChecks(check: AddCheck): void {
  check('given a driver that cannot read back, when read, then it says so; one that can does', async (lab) => {
    const printer = await lab.printer();
    if (lab.fixture.capabilities.read === true) assert.deepEqual(await lab.read(printer), []);
    else await lab.refuses(lab.read(printer), 'NOT_SUPPORTED', /does not support reading/);
  });

  check('given lines of both streams, when some are asked for, then exactly these come', async (lab) => {
    if (lab.fixture.capabilities.read !== true) return;
    const printer = await lab.printer();
    await lab.open(printer);
    await printer.print(['a', 'b']);
    await printer.print(['c', 'd'], 'stderr');
    await lab.close(printer);
    assert.deepEqual(await lab.texts(printer, { stderr: false }), ['a', 'b']);
    assert.deepEqual(await lab.texts(printer, { stdout: false }), ['c', 'd']);
    assert.deepEqual(await lab.texts(printer, { tail: 3 }), ['b', 'c', 'd']);
    assert.deepEqual(await lab.texts(printer, { tail: 0 }), []);
    assert.deepEqual(await lab.texts(printer, { tail: 100 }), ['a', 'b', 'c', 'd']);
    const moment = (second: number): string => `${1_767_225_600 + second}000000001`;
    assert.deepEqual(await lab.texts(printer, { since: moment(2) }), ['b', 'c', 'd']);
    assert.deepEqual(await lab.texts(printer, { until: moment(2) }), ['a', 'b']);
    assert.deepEqual(await lab.texts(printer, { since: moment(2), until: moment(3) }), ['b', 'c']);
  });

  check('given a follower, when lines come, the driver is closed and opened again and all ends, then every line came once', async (lab) => {
    if (lab.fixture.capabilities.follow !== true) return;
    const printer = await lab.printer();
    await printer.print(lines(3));
    await lab.open(printer);
    const ended = new AbortController();
    const following = lab.texts(printer, { follow: true, ended: ended.signal });
    for (let round = 1; round < 4; round += 1) {
      await sleep(50);
      await printer.print(lines(3, round * 3));
    }
    await sleep(50);
    ended.abort();
    assert.deepEqual(await following, lines(12));
  });

  check('given a follower that leaves, when it does, then its reading ends', async (lab) => {
    if (lab.fixture.capabilities.follow !== true) return;
    const printer = await lab.printer();
    await lab.open(printer);
    const reading = lab.read(printer, { follow: true, signal: AbortSignal.timeout(100) }).then(() => true);
    assert.ok(await Promise.race([reading, sleep(LEAVE_MS, false)]), `it reads on ${LEAVE_MS / 1000} s after its reader left`);
  });

  check('given an unfinished last line, when its writer has ended, then it is read', async (lab) => {
    if (lab.fixture.capabilities.read !== true) return;
    const printer = await lab.printer();
    await lab.open(printer);
    await printer.print(['whole']);
    await printer.printPart('no end');
    assert.deepEqual(await lab.read(printer, { ended: AbortSignal.abort() }), ['whole\n', 'no end']);
  });

  check(
    'given a driver that rotates, when much is printed, then it keeps the end, within its limit, readable and in order',
    async (lab) => {
      const { rotation } = lab.fixture;
      if (rotation === undefined) return;
      const printer = await lab.printer();
      await lab.open(printer, rotation);
      const ended = new AbortController();
      const following = lab.texts(printer, { follow: true, ended: ended.signal });
      for (let round = 0; round < 25; round += 1) {
        await printer.print(lines(200, round * 200));
        // Nobody is so far behind that the driver may pass anything over.
        await lab.read(printer, { tail: 1 });
      }
      await lab.close(printer);
      const kept = await lab.texts(printer);
      assert.ok(kept.length < 5000 && kept.length > 100, `${kept.length} lines are kept`);
      assert.deepEqual(kept, lines(5000).slice(-kept.length));
      assert.deepEqual(await lab.texts(printer, { tail: 150 }), lines(5000).slice(-150));
      ended.abort();
      const followed = await following;
      assert.deepEqual(followed, lines(5000).slice(-followed.length));
      let bytes = 0;
      for (const name of await readdir(dirname(printer.path))) {
        if (!name.startsWith('spool') && !name.startsWith('cursor')) bytes += (await stat(join(dirname(printer.path), name))).size;
      }
      assert.ok(bytes < 150_000, `${bytes} bytes are kept`);
    },
  );

  check('given a log that was removed, when read, then there is nothing', async (lab) => {
    if (lab.fixture.capabilities.read !== true || lab.fixture.capabilities.lasting === true) return;
    const printer = await lab.printer();
    await lab.open(printer);
    await printer.print(lines(3));
    await lab.close(printer);
    await lab.remove(printer);
    assert.deepEqual(await lab.read(printer), []);
  });
}
