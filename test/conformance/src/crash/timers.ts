import { Lifetime } from './lifetime.ts';

/** Ends the timers of each {@link Lifetime} with it. Answers how to end that. */
export function interceptTimers(): () => void {
  const { setInterval: repeat } = globalThis;
  const replaced = ((...args: Parameters<typeof repeat>) => {
    const timer = repeat(...args);
    Lifetime.current?.owns(async () => clearInterval(timer));
    return timer;
  }) as typeof repeat;
  globalThis.setInterval = replaced;
  return () => {
    globalThis.setInterval = repeat;
  };
}
