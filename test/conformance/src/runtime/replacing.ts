import type { RuntimeDriver } from '@shiplog/contracts';

/** The driver with some of its verbs replaced. */
export function replacing(driver: RuntimeDriver, changes: Partial<RuntimeDriver>): RuntimeDriver {
  return {
    create: (args, ctx) => driver.create(args, ctx),
    start: (args, ctx) => driver.start(args, ctx),
    signal: (args, ctx) => driver.signal(args, ctx),
    remove: (args, ctx) => driver.remove(args, ctx),
    resize: (args, ctx) => driver.resize(args, ctx),
    execCreate: (args, ctx) => driver.execCreate(args, ctx),
    execStart: (args, ctx) => driver.execStart(args, ctx),
    execRemove: (args, ctx) => driver.execRemove(args, ctx),
    state: (args, ctx) => driver.state(args, ctx),
    attach: (args) => driver.attach(args),
    top: (pids, psArgs) => driver.top(pids, psArgs),
    exits: (signal) => driver.exits(signal),
    observe: () => driver.observe(),
    ...changes,
  };
}
