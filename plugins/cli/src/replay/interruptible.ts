import { CliError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** As shells tell of a command that ended by SIGINT. */
const INTERRUPTED = 130;

/** Does work that makes things on this host: a signal that would end this command aborts it, and what was made is removed first. */
export async function interruptible<R>(context: Context, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const interrupted = new AbortController();
  const interrupt = (): void => {
    if (!interrupted.signal.aborted) note(context, 'Interrupted: what was made is being removed.');
    interrupted.abort();
  };
  for (const signal of SIGNALS) context.signals.on(signal, interrupt);
  try {
    return await work(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new CliError('interrupted; nothing of it is left', { exitCode: INTERRUPTED, cause: error });
  } finally {
    for (const signal of SIGNALS) context.signals.off(signal, interrupt);
  }
}
