import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { Lifetime } from './lifetime.ts';
import { replaceMethods } from './replace-methods.ts';

/**
 * Puts every `spawn` of node:child_process into the hands of the {@link Lifetime} it is made in. A program that has begun goes on without who
 * began it. Answers how to end that.
 */
export function interceptPrograms(): () => void {
  const restore = replaceMethods(childProcess, (name, method) => {
    if (name !== 'spawn') return undefined;
    return (...args) => {
      const life = Lifetime.current;
      const run = (): unknown => method(...args);
      return life === undefined ? run() : life.effectSync(`spawn ${String(args[0])}`, run, run);
    };
  });
  syncBuiltinESMExports();
  return () => {
    restore();
    syncBuiltinESMExports();
  };
}
