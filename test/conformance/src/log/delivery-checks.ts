import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AddCheck, lines } from './lab.ts';

/** What every driver that keeps or sends output does. */
export function deliveryChecks(check: AddCheck): void {
  check('given output from before and after opening, when closed, then all of it is there in order', async (lab) => {
    const printer = await lab.printer();
    await printer.print(lines(10));
    await lab.open(printer);
    await printer.print(lines(10, 10));
    await lab.close(printer);
    assert.deepEqual(await lab.texts(printer), lines(20));
  });

  check('given an open one, when opened again and closed twice, then nothing comes twice', async (lab) => {
    const printer = await lab.printer();
    await Promise.all([lab.open(printer), lab.open(printer)]);
    await lab.open(printer);
    await printer.print(lines(5));
    await lab.close(printer);
    await lab.close(printer);
    assert.deepEqual(await lab.texts(printer), lines(5));
  });

  check('given one that was closed, when it is opened again, then it goes on where it was', async (lab) => {
    const printer = await lab.printer();
    for (let round = 0; round < 3; round += 1) {
      await lab.open(printer);
      await printer.print(lines(5, round * 5));
      await lab.close(printer);
    }
    assert.deepEqual(await lab.texts(printer), lines(15));
  });

  check('given one that is being closed, when it is opened again, then what is printed after that is not forgotten', async (lab) => {
    // Where it is read back from elsewhere, looking takes a while.
    for (let round = 0; round < (lab.fixture.capabilities.lasting === true ? 4 : 20); round += 1) {
      const printer = await lab.printer();
      await lab.open(printer);
      await printer.print(lines(3));
      const closing = lab.close(printer);
      if (round % 2 === 0) await sleep(round / 4);
      await lab.open(printer);
      await closing;
      await printer.print(lines(3, 3));
      await lab.close(printer);
      assert.deepEqual(await lab.texts(printer), lines(6), `round ${round}`);
      await lab.remove(printer);
    }
  });

  check('given a driver that ends in the middle, when another goes on, then no line is missing and their order stays', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    for (let round = 0; round < 4; round += 1) {
      await printer.print(lines(500, round * 500));
      await sleep(5);
      await lab.restart();
      await lab.open(printer);
    }
    await lab.close(printer);
    const texts = await lab.texts(printer);
    // What outlives the container may come again from where it was left off; what is kept beside the spool must not.
    if (lab.fixture.capabilities.lasting === true) assert.deepEqual([...new Set(texts)], lines(2000));
    else assert.deepEqual(texts, lines(2000));
  });

  check('given many containers at once, when all print, then each has its own output', async (lab) => {
    const printers = await Promise.all(Array.from({ length: 8 }, () => lab.printer()));
    await Promise.all(
      printers.map(async (printer, index) => {
        await lab.open(printer);
        for (let round = 0; round < 5; round += 1) await printer.print([`${index}/${round}`]);
        await lab.close(printer);
      }),
    );
    for (const [index, printer] of printers.entries())
      assert.deepEqual(
        await lab.texts(printer),
        Array.from({ length: 5 }, (_, round) => `${index}/${round}`),
      );
  });

  check('given parts of a line in two streams, when they end, then each line is whole', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    await printer.printPart('be');
    await printer.print(['other'], 'stderr');
    await printer.print(['gun']);
    await lab.close(printer);
    assert.deepEqual((await lab.texts(printer)).toSorted(), ['begun', 'other']);
  });

  check('given a line longer than 16 KiB, when it is taken over, then its parts make it up', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    const long = 'x'.repeat(50_000);
    for (let at = 0; at < long.length; at += 8000) await printer.printPart(long.slice(at, at + 8000));
    await printer.print(['']);
    await lab.close(printer);
    assert.equal((await lab.texts(printer)).join(''), long);
  });

  check('given hostile text and names, when they are taken over, then they are text and nothing else comes of them', async (lab) => {
    const hostile = [
      '2026-01-01T00:00:00.000000001+00:00 stderr F not me',
      '{"log":"x"}',
      '<13>1 - - - - - -',
      'MESSAGE=x',
      '\u001b[31mred',
      '"\\\'`$(id)',
    ];
    const printer = await lab.printer();
    await lab.open(printer, {}, 'name"; rm -rf /; \'\n[x] {{.ID}}');
    await printer.print(hostile);
    await lab.close(printer);
    assert.deepEqual(await lab.texts(printer), hostile);
  });

  check('given much output, when it is taken over, then the spool does not keep it', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    const text = 'y'.repeat(1000);
    for (let round = 0; round < 12; round += 1) await printer.print(Array.from({ length: 1000 }, () => text));
    await lab.close(printer, AbortSignal.timeout(60_000));
    const { size, blocks } = await stat(printer.spool);
    assert.ok(size > 12e6, 'the kit prints 12 MB');
    assert.ok(blocks * 512 <= 6 * 2 ** 20, `${blocks * 512} bytes are left in the spool`);
  });

  check('given an open one, when it is removed, then spool and log are gone, and again is no error', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    await printer.print(lines(3));
    await lab.remove(printer);
    await lab.remove(printer);
    const left = await readdir(dirname(printer.spool)).catch(() => []);
    assert.deepEqual(left, []);
    assert.ok(!(await lab.driver.observe()).some(({ id }) => id === printer.id), 'it is not open any more');
  });

  check('given an open one, when observed, then it is told', async (lab) => {
    const printer = await lab.printer();
    await lab.open(printer);
    assert.ok((await lab.driver.observe()).some(({ resource, id }) => resource === 'log' && id === printer.id));
    await lab.close(printer);
    assert.ok(!(await lab.driver.observe()).some(({ id }) => id === printer.id));
  });
}
