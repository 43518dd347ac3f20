import { type IoChannel, type ProcessExit, type RuntimeDriver, ShiplogError } from '@shiplog/contracts';
import { replacing } from '../replacing.ts';
import type { Wrong } from './wrong.ts';

export { replacing } from '../replacing.ts';

export type { Wrong } from './wrong.ts';

const USED = /that is nowhere in PATH|a path that is not there|a file that is not executable|given a directory/;

/** Drivers that are wrong in one way each. Together they fail every check of the kit: none is there that cannot fail. */
export const WRONG_DRIVERS: readonly Wrong[] = [
  {
    name: 'one that hears nothing of what a process says',
    failed:
      /on both streams|1 MiB|a reader that waits|reads stdin|after the end of its input|first writer leaves|that writer ends|two that are attached|given a terminal|given user '|as another user|seccomp profile, when it runs|no capabilities|files for the bundle|its output and exit code are its own|with a terminal, when|takes over|its own output and exit code/,
    of: (driver) =>
      replacing(driver, {
        async attach(target) {
          const channel = await driver.attach(target);
          return silent(channel);
        },
      }),
  },
  {
    name: 'one whose exit codes are one too high',
    failed:
      /command that ends with|kills it, then its exit code|killed before its start|told of those before|more memory|ends at once|ends too, with 137|ended while no driver listened/,
    of: (driver) =>
      replacing(driver, {
        async *exits(signal) {
          for await (const exit of driver.exits(signal)) yield { ...exit, exitCode: exit.exitCode + 1 };
        },
      }),
  },
  {
    name: 'one that does not say what went wrong',
    failed: new RegExp(
      `${USED.source}|what is not there is used|that is a file|a failed create|processes are listed|unknown user|directory that is not there|container that ended, when a command|a user or group|no JSON`,
    ),
    of: (driver) =>
      replacing(driver, {
        create: (args, ctx) => vaguely(driver.create(args, ctx)),
        start: (args, ctx) => vaguely(driver.start(args, ctx)),
        execCreate: (args, ctx) => vaguely(driver.execCreate(args, ctx)),
        execStart: (args, ctx) => vaguely(driver.execStart(args, ctx)),
        top: (pids, psArgs) => vaguely(driver.top(pids, psArgs)),
      }),
  },
  {
    name: 'one that starts what it is to create',
    failed: /has not run yet|it can be started again|when the next one creates/,
    of: (driver) =>
      replacing(driver, {
        async create(args, ctx) {
          const made = await driver.create(args, ctx);
          await driver.start({ id: args.id }, ctx);
          return made;
        },
      }),
  },
  {
    name: 'one that removes no container, and starts what is an exec session to be',
    failed: /with children|removed meanwhile|when the next one removes|that was never started/,
    of: (driver) =>
      replacing(driver, {
        remove: async () => ({}),
        execCreate: async (args, ctx) => {
          await driver.execCreate(args, ctx);
          await driver.execStart(args, ctx);
          await new Promise((resolve) => setTimeout(resolve, 500));
          return {};
        },
      }),
  },
  {
    name: 'one that tells every signal delivered, and sends SIGKILL',
    failed: /what is not there is undone|it gets that signal/,
    of: (driver) =>
      replacing(driver, {
        async signal(args, ctx) {
          await driver.signal({ ...args, signal: 9 }, ctx);
          return { delivered: true };
        },
      }),
  },
  {
    name: 'one that takes every container for running',
    failed: /whose monitor is killed/,
    of: (driver) => replacing(driver, { state: async (args, ctx) => ({ ...(await driver.state(args, ctx)), status: 'running' }) }),
  },
  {
    name: 'one that tells exits of what was removed',
    failed: /given a removed container/,
    of: tellingAll,
  },
  {
    name: 'one that writes logs elsewhere',
    failed: /the log has it/,
    of: (driver) =>
      replacing(driver, {
        create: (args, ctx) => driver.create({ ...args, log: { ...args.log, path: `${args.log.path}.elsewhere` } }, ctx),
      }),
  },
  {
    name: 'one that fails where input comes too late',
    failed: /given a process that ended/,
    of: (driver) =>
      replacing(driver, {
        async attach(target) {
          const channel = await driver.attach(target);
          const refuse = async (): Promise<never> => {
            throw new ShiplogError('CONTAINER_NOT_RUNNING', 'nobody reads');
          };
          return { ...held(channel), write: refuse };
        },
      }),
  },
  {
    name: 'one that makes anew what is there',
    failed: /start and remove are repeated/,
    of: (driver) =>
      replacing(driver, {
        async create(args, ctx) {
          await driver.remove({ id: args.id }, ctx);
          return driver.create(args, ctx);
        },
      }),
  },
  {
    name: 'one that refuses what is asked for meanwhile',
    failed: /four times at once/,
    of: (driver) => {
      const busy = new Set<string>();
      return replacing(driver, {
        async create(args, ctx) {
          if (busy.has(args.id)) throw new ShiplogError('RUNTIME_FAILED', 'it is busy');
          busy.add(args.id);
          try {
            return await driver.create(args, ctx);
          } finally {
            busy.delete(args.id);
          }
        },
      });
    },
  },
  {
    name: 'one that cannot start what was started',
    failed: /when the next one starts/,
    of: (driver) =>
      replacing(driver, {
        async start(args, ctx) {
          if ((await driver.state(args, ctx)).status === 'running') throw new ShiplogError('RUNTIME_FAILED', 'it runs');
          return driver.start(args, ctx);
        },
      }),
  },
  {
    name: 'one that kills the first process of an exec session alone',
    failed: /runs more than one process/,
    of: (driver) => {
      const pids = new Map<string, number>();
      return replacing(driver, {
        async execStart(args, ctx) {
          const answer = await driver.execStart(args, ctx);
          pids.set(args.exec, answer.process.pid);
          return answer;
        },
        async execRemove(args, ctx) {
          const pid = pids.get(args.exec);
          if (pid !== undefined) process.kill(pid, 'SIGKILL');
          await new Promise((resolve) => setTimeout(resolve, 500));
          return driver.execRemove(args, ctx);
        },
      });
    },
  },
  {
    name: 'one that takes an exec session for another each time',
    failed: /execCreate, execStart and execRemove are repeated/,
    of: (driver) => {
      let times = 0;
      return replacing(driver, {
        async execStart(args, ctx) {
          const { process } = await driver.execStart(args, ctx);
          times += 1;
          return { process: { ...process, startTicks: process.startTicks + times } };
        },
      });
    },
  },
];

function held(channel: IoChannel): IoChannel {
  return {
    output: channel.output,
    write: (data) => channel.write(data),
    endInput: () => channel.endInput(),
    close: () => channel.close(),
  };
}

/** The channel without what is said. It stays open: what is written is still read. */
function silent(channel: IoChannel): IoChannel {
  const nothing = async function* (): AsyncGenerator<never> {
    yield* [];
  };
  return { ...held(channel), output: nothing() };
}

async function vaguely<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ShiplogError('INTERNAL', 'it did not work', {}, { cause: error });
  }
}

/** What any of these has told: they never forget. */
const told: ProcessExit[] = [];

function tellingAll(driver: RuntimeDriver): RuntimeDriver {
  return replacing(driver, {
    async *exits(signal) {
      yield* told;
      for await (const exit of driver.exits(signal)) {
        told.push(exit);
        yield exit;
      }
    },
  });
}
