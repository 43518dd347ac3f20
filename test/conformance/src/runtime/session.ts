import type { OperationContext, RuntimeDriver } from '@shiplog/contracts';
import { replacing } from './replacing.ts';

type ExecArgs = Parameters<RuntimeDriver['execCreate']>[0];

/** A driver whose exec sessions are made ready and run by one call, `exec`. */
export interface SessionDriver extends RuntimeDriver {
  exec(args: ExecArgs, ctx: OperationContext): Promise<unknown>;
}

/** What is made ready ends with its driver: so both are repeated together, as an engine does it. */
export function withSessions(driver: RuntimeDriver): SessionDriver {
  return {
    ...replacing(driver, {}),
    async exec(args, ctx) {
      await driver.execCreate(args, ctx);
      return driver.execStart({ id: args.id, exec: args.exec }, ctx);
    },
  };
}
