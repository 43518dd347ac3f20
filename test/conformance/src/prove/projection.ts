import { strict as assert } from 'node:assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import type { TestFunction } from '../in-lab.ts';
import { calmly, driverLab, type Proven } from '../driver-lab.ts';

/** A view is the same however its events came. */
export function proveProjection(test: TestFunction, proven: Proven, name: string): void {
  const events = Array.from({ length: 20 }, (_, seq) => anEvent(seq));
  const withProjections = async (work: (first: Fed, second: Fed) => Promise<void>): Promise<void> => {
    const lab = await driverLab(proven, 'projection', name);
    try {
      const make = async (): Promise<Fed> => {
        const driver = await lab.make();
        return {
          fold: async (from, some, anew) =>
            (await driver.fold({ from, events: [...some], ...(anew === undefined ? {} : { anew }) }, calmly())).seq,
          view: async () => (await driver.view({ query: {} }, calmly())).view,
        };
      };
      await work(await make(), await make());
    } finally {
      await lab.cleanup();
    }
  };
  test(`projection/${name}: given the same events one by one and all at once, when both are looked at, then they show the same`, () =>
    withProjections(async (first, second) => {
      for (const event of events) assert.equal(await first.fold(event.seq, [event]), event.seq);
      assert.equal(await second.fold(0, events), 19);
      assert.deepEqual(await first.view(), await second.view());
    }));
  test(`projection/${name}: given events that were told before, or come after a gap, when they are told, then each counts once and the answer says where it is`, () =>
    withProjections(async (first, second) => {
      await first.fold(0, events.slice(0, 10));
      await first.fold(5, events.slice(5, 10));
      assert.equal(await first.fold(12, events.slice(12)), 9);
      await second.fold(0, events.slice(0, 10));
      assert.deepEqual(await first.view(), await second.view());
    }));
  test(`projection/${name}: given that older events were pruned, when it is told to begin anew behind them, then it shows what one shows that never knew them`, () =>
    withProjections(async (first, second) => {
      await first.fold(0, events.slice(0, 10));
      assert.equal(await first.fold(12, events.slice(12), true), 19);
      assert.equal(await second.fold(12, events.slice(12), true), 19);
      assert.deepEqual(await first.view(), await second.view());
    }));
}

interface Fed {
  fold(from: number, events: readonly ShiplogEvent[], anew?: boolean): Promise<number>;
  view(): Promise<unknown>;
}

/** An event of no consequence at this place in the log. */
export function anEvent(seq: number): ShiplogEvent {
  return {
    v: 1,
    seq,
    id: `e${seq}`,
    stream: 'engine',
    rev: seq,
    type: 'engine.stopped',
    sv: 1,
    kind: 'meta',
    op: `op${seq}`,
    corr: `op${seq}`,
    t: String(seq),
    mono: String(seq),
    boot: 'boot',
    inst: 'inst',
    actor: { scheme: 'system', reason: 'kit' },
    data: { instance: 'inst', reason: 'kit' },
  };
}
