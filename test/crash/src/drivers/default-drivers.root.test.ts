// time limit: 2400 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { killEverywhere, killFirstStarts } from './kill-everywhere.ts';
import { rowsOf } from './report.ts';
import { DEFAULT_SHELF as shelf } from './shelf.ts';
import { VERBS } from './verbs.ts';

const test = suite('an engine with the default drivers, killed');

test('given any verb, when the engine is killed at any of its steps, then the next one finds log and reality in agreement, and nothing stays', async () => {
  // Two engines at a time, each on a root of its own.
  const halves = [0, 1].map((rest) => VERBS.filter((_, index) => index % 2 === rest));
  const failure = new AbortController();
  const { signal } = failure;
  const both = halves.map((verbs) =>
    killEverywhere({ shelf, verbs, signal }).catch((error: unknown) => {
      failure.abort(error);
      throw error;
    }),
  );
  const killed = (await Promise.all(both)).flat();
  assert.equal(
    killed.filter(({ problems }) => problems.length > 0),
    [],
  );
  const steps = new Map(rowsOf(killed).map(({ verb, steps: count }) => [verb, count]));
  assert.is(steps.size, VERBS.length);
  // What a container holds comes and goes by a step each.
  for (const verb of ['container.start', 'container.remove']) assert.ok((steps.get(verb) ?? 0) >= 8, `${verb}: ${steps.get(verb)} steps`);
});

test('given a first start, when it is killed before any of its steps, then the next one makes what it makes', async () => {
  const { points, problems } = await killFirstStarts(shelf);
  assert.equal(problems, []);
  // The networks bridge, host and none.
  assert.ok(points >= 3, `${points} steps`);
});

for (const [ignored, verb, calls] of [
  ['network/bridge detach', 'container.remove', /signal/],
  ['storage/overlay remove', 'container.remove', /signal/],
  ['name-server/embedded serve', 'network.connect', /attach/],
] as const)
  test(`given a driver that does not ${ignored}, when the engine is killed, then what is wrong is noticed`, async () => {
    const killed = await killEverywhere({ shelf, verbs: [verb], calls, ignored });
    assert.ok(killed.some(({ problems }) => problems.length > 0));
  });

test.run();
