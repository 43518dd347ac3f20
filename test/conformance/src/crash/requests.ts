import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { Lifetime } from './lifetime.ts';
import { replaceMethods } from './replace-methods.ts';

/**
 * Puts every HTTP request into the hands of the {@link Lifetime} it is made in: it is an effect on whoever answers. A request that was
 * sent is served; what is answered to a dead one, nobody hears. Answers how to end that.
 */
export function interceptRequests(): () => void {
  const restore = [http, https].map((module) =>
    replaceMethods(module, (name, method) => {
      if (name !== 'request' && name !== 'get') return undefined;
      return (...args) => {
        const life = Lifetime.current;
        if (life === undefined) return method(...args);
        const [where] = args as readonly { readonly path?: string }[];
        return life.effectSync(`request ${where?.path ?? ''}`, () => method(...args));
      };
    }),
  );
  syncBuiltinESMExports();
  return () => {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  };
}
