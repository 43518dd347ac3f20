import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import { type Kernel, type LogDriver, ShiplogError } from '@shiplog/contracts';
import { driverFixture, logCrashSuite, logSuite } from '@shiplog/conformance/log';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { checksCanFail, replacing, temporaryDirectory } from '@shiplog/test-support';
import plugin from './index.ts';
import { JsonFileLog } from './json-file.ts';

type Args<V extends 'open' | 'close' | 'remove'> = Parameters<LogDriver[V]>[0];

/** A driver's verbs instead of the right ones. */
interface Wrong {
  change?(right: LogDriver): Partial<LogDriver>;
  readonly kernel?: Partial<Kernel['files']>;
}

const kernel = createKernel();
const test = suite('wrong log drivers');

/** Does `work` when one that was opened before is opened again by this instance. */
const whenOpenedAgain =
  (work: (args: Args<'open'>) => Promise<unknown>) =>
  (right: LogDriver): Partial<LogDriver> => {
    const closed = new Map<string, boolean>();
    return {
      async open(args, ctx) {
        if (closed.get(args.id) === true) await work(args);
        closed.set(args.id, false);
        return right.open(args, ctx);
      },
      async close(args, ctx) {
        closed.set(args.id, true);
        return right.close(args, ctx);
      },
    };
  };

/** Takes nothing over before `close`, and then what `change` makes of it. */
const late =
  (change: (spool: string) => string) =>
  (right: LogDriver): Partial<LogDriver> => {
    const open = new Map<string, Args<'open'>>();
    return {
      async open(args) {
        open.set(args.id, args);
        return {};
      },
      async close(args, ctx) {
        const opened = open.get(args.id);
        if (opened === undefined) return {};
        await writeFile(opened.spool, change(await readFile(opened.spool, 'utf8')));
        await right.open(opened, ctx);
        return right.close(args, ctx);
      },
    };
  };

/** What the spool holds comes once more. */
const double = async ({ spool }: Args<'open'>): Promise<void> => appendFile(spool, await readFile(spool));

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given options that work here, when checked, then they are taken, in both modes': {
    does: 'knows no mode but blocking',
    make: {
      change: (right) => ({
        async check(args, ctx) {
          if (args.options['mode'] === 'non-blocking') throw new ShiplogError('SPEC_INVALID', 'blocking only');
          return right.check(args, ctx);
        },
      }),
    },
  },
  "given options that are none, when checked, then Docker's words say so": {
    does: 'takes any option',
    make: { change: () => ({ check: async () => ({}) }) },
  },
  'given output from before and after opening, when closed, then all of it is there in order': {
    does: 'passes over what was printed before it was opened',
    make: {
      change: (right) => ({
        async open(args, ctx) {
          await truncate(args.spool);
          return right.open(args, ctx);
        },
      }),
    },
  },
  'given an open one, when opened again and closed twice, then nothing comes twice': {
    does: 'takes all over again when it is closed again',
    make: {
      change(right) {
        const opened = new Map<string, Args<'open'>>();
        const closed = new Set<string>();
        return {
          open(args, ctx) {
            opened.set(args.id, args);
            return right.open(args, ctx);
          },
          async close(args, ctx) {
            const before = opened.get(args.id);
            if (before !== undefined && closed.has(args.id)) {
              await double(before);
              await right.open(before, ctx);
            }
            closed.add(args.id);
            return right.close(args, ctx);
          },
        };
      },
    },
  },
  'given one that was closed, when it is opened again, then it goes on where it was': {
    does: 'begins anew when it is opened after it was closed',
    make: { change: whenOpenedAgain(double) },
  },
  'given one that is being closed, when it is opened again, then what is printed after that is not forgotten': {
    does: 'is deaf to opening while it closes',
    make: {
      change(right) {
        const closing = new Set<string>();
        return {
          open: async (args, ctx) => (closing.has(args.id) ? {} : right.open(args, ctx)),
          async close(args, ctx) {
            closing.add(args.id);
            await right.close(args, ctx);
            closing.delete(args.id);
            return {};
          },
        };
      },
    },
  },
  'given a driver that ends in the middle, when another goes on, then no line is missing and their order stays': {
    does: 'begins anew after a crash',
    make: {
      change(right) {
        const known = new Set<string>();
        return {
          async open(args, ctx) {
            if (!known.has(args.id)) await double(args);
            known.add(args.id);
            return right.open(args, ctx);
          },
        };
      },
    },
  },
  'given many containers at once, when all print, then each has its own output': {
    does: 'puts the output of all containers into one file',
    make: {
      change(right) {
        let first: string | undefined;
        return {
          async open(args, ctx) {
            first ??= args.path;
            return right.open({ ...args, path: first }, ctx);
          },
        };
      },
    },
  },
  'given parts of a line in two streams, when they end, then each line is whole': {
    does: 'takes a part of a line for a line',
    make: { change: late((spool) => spool.replaceAll(' P ', ' F ')) },
  },
  'given a line longer than 16 KiB, when it is taken over, then its parts make it up': {
    does: 'cuts long lines',
    make: {
      change: late((spool) =>
        spool
          .split('\n')
          .filter((line, index) => !line.includes(' P ') || index < 3)
          .join('\n'),
      ),
    },
  },
  'given hostile text and names, when they are taken over, then they are text and nothing else comes of them': {
    does: 'takes control characters out of the text',
    make: { change: late((spool) => spool.replaceAll('\u001b', '')) },
  },
  'given much output, when it is taken over, then the spool does not keep it': {
    does: 'frees nothing in the spool',
    make: { kernel: { punchHole: async () => true } },
  },
  'given an open one, when it is removed, then spool and log are gone, and again is no error': {
    does: 'removes the log and leaves the spool',
    make: {
      change: () => ({
        async remove({ path }) {
          await rm(path, { force: true });
          return {};
        },
      }),
    },
  },
  'given an open one, when observed, then it is told': {
    does: 'tells nothing of what is open',
    make: { change: () => ({ observe: async () => [] }) },
  },
  'given a driver that cannot read back, when read, then it says so; one that can does': {
    does: 'says that it reads, and does not',
    make: {
      change: () => ({
        // oxlint-disable-next-line require-yield
        async *read() {
          throw new ShiplogError('NOT_SUPPORTED', 'configured logging driver does not support reading');
        },
      }),
    },
  },
  'given lines of both streams, when some are asked for, then exactly these come': {
    does: 'reads both streams whichever was asked for',
    make: { change: (right) => ({ read: (options) => right.read({ ...options, stdout: true, stderr: true }) }) },
  },
  'given a follower, when lines come, the driver is closed and opened again and all ends, then every line came once': {
    does: 'reads what there is and does not follow',
    make: { change: (right) => ({ read: (options) => right.read({ ...options, follow: false }) }) },
  },
  'given a follower that leaves, when it does, then its reading ends': {
    does: 'notices late that its reader left',
    make: { change: (right) => ({ read: (options) => right.read({ ...options, signal: AbortSignal.timeout(8000) }) }) },
  },
  'given an unfinished last line, when its writer has ended, then it is read': {
    does: 'reads whole lines only',
    make: {
      change: (right) => ({
        async *read(options) {
          for await (const record of right.read(options)) if (!record.partial) yield record;
        },
      }),
    },
  },
  'given a driver that rotates, when much is printed, then it keeps the end, within its limit, readable and in order': {
    does: 'is deaf to its limits',
    make: { change: (right) => ({ open: (args, ctx) => right.open({ ...args, options: {} }, ctx) }) },
  },
  'given a log that was removed, when read, then there is nothing': {
    does: 'leaves the log when it is removed',
    make: {
      change: (right) => ({
        async remove(args, ctx) {
          const log = await readFile(args.path);
          await right.remove(args, ctx);
          await mkdir(dirname(args.path), { recursive: true });
          await writeFile(args.path, log);
          return {};
        },
      }),
    },
  },
};

checksCanFail<Wrong>({
  test,
  of: 'log',
  wrong: WRONG,
  kit: (check, wrong) =>
    logSuite({
      test: check,
      factory: async () => ({
        ...(await driverFixture(({ home, logger }) => {
          const files = { ...kernel.files, ...wrong.kernel };
          const right: LogDriver & AsyncDisposable = new JsonFileLog({ ...kernel, files }, home, logger);
          return replacing<LogDriver & AsyncDisposable>(right, wrong.change?.(right) ?? {});
        }, kernel)),
        capabilities: plugin.drivers.find(({ manifest }) => manifest.name === 'json-file')?.manifest.capabilities ?? {},
        rotation: { 'max-size': '20k', 'max-file': '5', compress: 'true' },
      }),
    }),
});

/** A driver's verbs instead of the right ones; drivers of one host remember together whom they opened. */
type WrongCrash = (right: LogDriver, opened: Set<string>) => Partial<LogDriver>;

/** Does `work` to the spool of a log that another driver opened before. */
const taking =
  (work: (args: Args<'open'>) => Promise<unknown>): WrongCrash =>
  (right, opened) => ({
    async open(args, ctx) {
      if (opened.has(args.id)) await work(args);
      opened.add(args.id);
      return right.open(args, ctx);
    },
  });

const killed = (then: string): string =>
  `crash of log/json-file: given output, when its driver is killed at any effect of taking it over, ${then}`;

checksCanFail<WrongCrash>({
  test,
  of: 'log',
  wrong: {
    [killed('then another one takes over the rest, and no line is lost')]: {
      does: 'takes what another one opened for taken over',
      make: taking(({ spool }) => truncate(spool)),
    },
    [killed('then no line comes twice where the driver keeps files')]: {
      does: 'takes over once more what another one opened',
      make: taking(double),
    },
    [killed('then another one removes it, and nothing is left')]: {
      does: 'leaves the spool of another one',
      make: () => ({
        async remove({ path }) {
          await rm(path, { force: true });
          return {};
        },
      }),
    },
  },
  kit: (check, wrong) =>
    logCrashSuite({
      test: check,
      name: 'json-file',
      async factory() {
        const temporary = await temporaryDirectory();
        const [stateDir, runDir, directory] = ['state', 'run', 'logs'].map((name) => join(temporary.path, name)) as [
          string,
          string,
          string,
        ];
        for (const path of [stateDir, runDir, directory]) await mkdir(path);
        const { home, logger } = createTestServices({ kernel, stateDir, runDir });
        const opened = new Set<string>();
        return {
          kernel,
          capabilities: plugin.drivers.find(({ manifest }) => manifest.name === 'json-file')?.manifest.capabilities ?? {},
          directory,
          stateDir,
          make() {
            const right: LogDriver & AsyncDisposable = new JsonFileLog(kernel, home, logger);
            return replacing<LogDriver & AsyncDisposable>(right, wrong(right, opened));
          },
          cleanup: () => temporary.cleanup(),
        };
      },
    }),
});

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
