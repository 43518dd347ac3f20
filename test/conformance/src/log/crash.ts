import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { Kernel, LogDriver } from '@shiplog/contracts';
import { ENOUGH } from '../crash/explore.ts';
import { interceptFileSystem } from '../crash/file-system.ts';
import { interceptKernel } from '../crash/kernel.ts';
import { Lifetime } from '../crash/lifetime.ts';
import { interceptRequests } from '../crash/requests.ts';
import { interceptTimers } from '../crash/timers.ts';
import type { TestFunction } from '../in-lab.ts';
import { Lab, type LogFixture, type Printer } from './lab.ts';

/** A host for log drivers, fresh. */
export interface LogHost extends Pick<LogFixture, 'capabilities' | 'directory' | 'options' | 'received'> {
  /** The port that drivers are given: its calls are effects at which the kit kills one. */
  readonly kernel: Kernel;
  /** Where drivers keep notes. */
  readonly stateDir: string;
  /** Another driver over the same directories. */
  make(): LogDriver & AsyncDisposable;
  /** Called at the end, failed or not; what the kit made and did not kill is disposed of. */
  cleanup(): Promise<void>;
}

export interface LogCrashSuite {
  readonly test: TestFunction;
  readonly name: string;
  /** Called for every moment that a driver dies at. */
  readonly factory: () => Promise<LogHost>;
}

const PROMISES = {
  lost: 'then another one takes over the rest, and no line is lost',
  twice: 'then no line comes twice where the driver keeps files',
  removed: 'then another one removes it, and nothing is left',
} as const;

type Promised = keyof typeof PROMISES;
type Findings = { readonly [promise in Promised]: readonly string[] };

/** More than a file holds where drivers keep files of 20 kB, and less than all files do. */
const LINES = Array.from({ length: 300 }, (_, index) => `line ${index} ${'.'.repeat(80)}`);

/**
 * Kills a log driver before every effect of taking output over, in the background and while it closes: calls of the kernel port and of
 * node:fs, HTTP requests. Another one goes on each time, or removes what is there.
 */
export function logCrashSuite({ test, name, factory }: LogCrashSuite): void {
  let explored: Promise<Findings> | undefined;
  for (const [promise, words] of Object.entries(PROMISES) as [Promised, string][])
    test(`crash of log/${name}: given output, when its driver is killed at any effect of taking it over, ${words}`, async () => {
      explored ??= explore(factory);
      const { [promise]: found } = await explored;
      assert.equal(found.length, 0, `${found.length} times not, ${found.slice(0, 3).join('\n')}`);
    });
}

async function explore(factory: LogCrashSuite['factory']): Promise<Findings> {
  const findings: { readonly [promise in Promised]: string[] } = { lost: [], twice: [], removed: [] };
  const isKnown = (): boolean => Object.values(findings).some((found) => found.length >= ENOUGH);
  for (let last = 1, isWhole = false; !isWhole && !isKnown(); last += 1) {
    await afterDeath(factory, last, async (lab, printer, life) => {
      isWhole = life.hasAnswered;
      const where = isWhole ? 'after its answer' : `before effect ${last}, ${life.effects.at(-1)}`;
      await lab.open(printer);
      await lab.close(printer);
      const came = await lab.texts(printer);
      const missing = LINES.filter((line) => !came.includes(line));
      if (missing.length > 0) findings.lost.push(`${where}: ${missing.length} lines are missing, the first is "${missing[0]}"`);
      if (lab.fixture.capabilities.lasting !== true && new Set(came).size !== came.length)
        findings.twice.push(`${where}: ${came.length} lines came of ${LINES.length}`);
    });
    await afterDeath(factory, last, async (lab, printer, life, host) => {
      await lab.remove(printer);
      const left = (await Promise.all([host.directory, host.stateDir].map((path) => readdir(path, { recursive: true })))).flat();
      const files = left.filter((path) => path.includes(printer.id) && path !== printer.id);
      if (files.length > 0) findings.removed.push(`before effect ${last}, ${life.effects.at(-1)}: ${files.join(', ')}`);
    });
  }
  return findings;
}

/** Prints, lets a driver die at its effect `last`, and works with another one. */
async function afterDeath(
  factory: LogCrashSuite['factory'],
  last: number,
  work: (lab: Lab, printer: Printer, life: Lifetime, host: LogHost) => Promise<void>,
): Promise<void> {
  const host = await factory();
  const { capabilities, directory, options, received } = host;
  const dying = host.make();
  const living = host.make();
  const lab = new Lab({
    driver: dying,
    capabilities,
    directory,
    ...(options === undefined ? {} : { options }),
    ...(received === undefined ? {} : { received }),
    restart: async () => living,
    async cleanup() {
      await living[Symbol.asyncDispose]();
      await host.cleanup();
    },
  });
  const restore = [interceptFileSystem(), interceptRequests(), interceptTimers(), interceptKernel(host.kernel)];
  try {
    const printer = await lab.printer();
    await printer.print(LINES);
    const life = new Lifetime(last);
    await life.live(async () => {
      await lab.open(printer);
      await lab.close(printer);
    });
    lab.driver = living;
    await work(lab, printer, life, host);
  } finally {
    lab.driver = living;
    for (const undo of restore) undo();
    await lab.end();
  }
}
