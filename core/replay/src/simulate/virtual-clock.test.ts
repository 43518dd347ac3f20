import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VirtualClock } from './virtual-clock.ts';

const test = suite('virtual clock');
const clockAt = () => new VirtualClock({ now: '1000000000000000000', mono: '5000000' });

test('given timers, when time runs, then they come in order of time and of asking, and all clocks have moved alike', async () => {
  const clock = clockAt();
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${what}@${clock.ms()}`);
  clock.after(20, note('b'));
  clock.after(10, () => {
    note('a')();
    clock.after(10, note('d'));
  });
  clock.after(20, note('c'));
  const canceled = clock.after(15, note('never'));
  canceled();
  canceled();
  assert.is(await clock.run(() => false), 'idle');
  assert.equal(seen, ['a@10', 'b@20', 'c@20', 'd@20']);
  assert.equal([clock.now(), clock.mono(), clock.ms()], ['1000000000020000000', '25000000', 20]);
});

test('given an hour, when it is slept through, then it takes no time, and work in between is done before time goes on', async () => {
  const clock = clockAt();
  const began = performance.now();
  let hours = 0;
  void (async () => {
    for (; hours < 100; hours += 1) await clock.sleep(3_600_000);
  })();
  assert.is(await clock.run(() => hours === 100), 'done');
  assert.is(clock.ms(), 360_000_000);
  assert.ok(performance.now() - began < 5000);
});

test('given a deadline, when somebody is later, then it aborts in time; alone, nobody waits for it', async () => {
  const clock = clockAt();
  const signal = clock.deadline(50);
  assert.is(await clock.run(() => false), 'idle');
  assert.is(clock.ms(), 0);
  clock.after(49, () => assert.not.ok(signal.aborted));
  clock.after(51, () => assert.ok(signal.aborted));
  await clock.run(() => false);
  assert.is((signal.reason as Error).name, 'TimeoutError');
});

test.run();
