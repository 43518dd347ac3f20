import type { LogOptions, LogRecord } from '@shiplog/contracts';
import type { EngineCore } from './core.ts';

/** What a container printed. Following ends when the container does, after its last line. */
export async function* readOutput(core: EngineCore, ref: string, options: LogOptions): AsyncIterable<LogRecord> {
  const { head } = core.ledger;
  const container = head.container(ref);
  const driver = core.parts.drivers.get('log', container.logDriver);
  const gone = new AbortController();
  const ended = new AbortController();
  const running = (): boolean => {
    const now = head.containers.get(container.id);
    return (
      now !== undefined && (now.process !== undefined || now.busy?.verb === 'container.start' || now.busy?.verb === 'container.restart')
    );
  };
  const subscription = core.ledger.facts.subscribe((event) => {
    if (event.stream === `container/${container.id}` && event.type !== 'operation.step' && !running()) ended.abort();
  });
  const leave = (): void => gone.abort();
  options.signal?.addEventListener('abort', leave, { once: true });
  if (options.signal?.aborted === true) gone.abort();
  if (!running()) ended.abort();
  const { stdout, stderr, tail, since, until } = options;
  try {
    yield* driver.read({
      path: container.logPath,
      stdout,
      stderr,
      follow: options.follow,
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ended: ended.signal,
      signal: gone.signal,
    });
  } finally {
    subscription.unsubscribe();
    options.signal?.removeEventListener('abort', leave);
  }
}
