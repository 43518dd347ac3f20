import type { SignalSource } from '../context.ts';

const PROXIED: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'];

/** Passes this command's signals on to the process it stands for. Answers how to stop. */
export function proxySignals(signals: SignalSource, send: (signal: NodeJS.Signals) => Promise<void>): () => void {
  const listeners = PROXIED.map((signal) => {
    // The process may just have ended: then there is nobody to send it to.
    const listener = (): void => void send(signal).catch(() => undefined);
    signals.on(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) signals.off(signal, listener);
  };
}
