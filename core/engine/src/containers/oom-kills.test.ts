import { EventEmitter, on } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CgroupStats, DriverFamilies, DriverKind } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('OOM kills');

/** A simulated world whose kernel counts OOM kills, and whose runtime tells of them. */
class HungryWorld extends SimWorld {
  kills = 0;
  /** How often the count is asked for before it has the last kill, as on version 1 of cgroups. */
  lag = 0;
  readonly #notices = new EventEmitter();

  notice(id: string): void {
    this.#notices.emit('oom', id);
  }

  counting(): Drivers {
    const drivers = this.drivers();
    const stats = async (): Promise<CgroupStats> => {
      const late = this.lag > 0 ? 1 : 0;
      this.lag = Math.max(0, this.lag - 1);
      return {
        pids: { current: 0, limit: 0 },
        cpu: { usageNs: 0, userNs: 0, systemNs: 0, periods: 0, throttledPeriods: 0, throttledNs: 0 },
        memory: { usageBytes: 0, maxUsageBytes: 0, limitBytes: 0, inactiveFileBytes: 0, oomKills: this.kills - late, detail: {} },
        io: [],
      };
    };
    const notices = this.#notices;
    async function* oomKills(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
      for await (const [id] of on(notices, 'oom', { signal }) as AsyncIterable<[string]>) yield { id };
    }
    return {
      list: () => drivers.list(),
      get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K] {
        const driver = drivers.get(kind, name);
        if (kind === 'cgroup') return { ...driver, stats };
        return kind === 'runtime' ? { ...driver, oomKills } : driver;
      },
    };
  }
}

async function running(): Promise<{ world: HungryWorld; disk: SimDisk; engine: RunningEngine; id: string }> {
  const world = new HungryWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk, world.counting());
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { world, disk, engine, id };
}

/** Kills of each `container.oom`, and the exits between them, once there are `many` of both. */
async function facts(engine: RunningEngine, many: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { type, data } of engine.log.follow({ from: 0, signal: AbortSignal.timeout(60_000) })) {
    if (type === 'container.oom') found.push(`${data.kills} killed`);
    if (type === 'container.exited') found.push(`exit ${data.exitCode}`);
    if (found.length === many) return found;
  }
  throw new Error(`only ${found.join(', ')}`);
}

test('given a container whose children are killed for memory, when it lives on, then each kill is told once, and its exit tells none again', async () => {
  const { world, engine, id } = await running();
  world.kills = 1;
  for (const _ of [1, 2, 3]) world.notice(id);
  await facts(engine, 1);
  world.kills = 4;
  world.notice(id);
  assert.equal(await facts(engine, 2), ['1 killed', '3 killed']);
  world.exit(id, 0, true);
  assert.equal(await facts(engine, 3), ['1 killed', '3 killed', 'exit 0']);
  await engine.execute('container.start', { container: id }, CALLER);
  world.kills = 1;
  world.notice(id);
  assert.equal((await facts(engine, 4)).at(-1), '1 killed');
  await engine.stop('test');
});
test('given a notice before the kill is counted, when the engine hears of it, then it waits for the count', async () => {
  const { world, engine, id } = await running();
  world.kills = 1;
  world.lag = 3;
  world.notice(id);
  assert.equal(await facts(engine, 1), ['1 killed']);
  assert.is(world.lag, 0);
  await engine.stop('test');
});
test('given a main process that is killed for memory, when notice and exit come at once, then there is one kill, and the container is released', async () => {
  for (const counted of [0, 1]) {
    const { world, engine, id } = await running();
    world.kills = counted;
    world.notice(id);
    world.exit(id, 137, true);
    await engine.wait(id, 'not-running');
    assert.equal(await facts(engine, 2), ['1 killed', 'exit 137']);
    await engine.execute('container.remove', { container: id, force: true, volumes: false }, CALLER);
    assert.is((await eventsOf(engine)).filter(({ type }) => type === 'container.oom').length, 1);
    await engine.stop('test');
  }
});
test('given kills while no engine ran, when the next one hears of them, then it tells those that the log lacks', async () => {
  const { world, disk, engine, id } = await running();
  world.kills = 2;
  world.notice(id);
  await facts(engine, 1);
  world.abandon();
  world.kills = 5;
  const again = await simEngine(world, disk, world.counting());
  world.notice(id);
  assert.equal(await facts(again, 2), ['2 killed', '3 killed']);
  await again.stop('test');
});
test.run();
