import { type ContainerRecord, type LogOptions, type LogRecord, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';

/**
 * What a container printed. Following ends when the container does for good, after its last line. Throws at once CONTAINER_NOT_FOUND, or
 * NOT_SUPPORTED where its log driver cannot read back.
 */
export function readOutput(core: EngineCore, ref: string, options: LogOptions): AsyncIterable<LogRecord> {
  const container = core.ledger.head.container(ref);
  const known = core.parts.drivers.list().find(({ kind, name }) => kind === 'log' && name === container.logDriver);
  if (known?.capabilities.read === false) {
    throw new ShiplogError('NOT_SUPPORTED', 'configured logging driver does not support reading', { driver: container.logDriver });
  }
  return follow(core, container, options);
}

async function* follow(core: EngineCore, container: ContainerRecord, options: LogOptions): AsyncIterable<LogRecord> {
  const { head } = core.ledger;
  const driver = core.parts.drivers.get('log', container.logDriver);
  const gone = new AbortController();
  const ended = new AbortController();
  const running = (): boolean => {
    const now = head.containers.get(container.id);
    return (
      now !== undefined &&
      (now.process !== undefined ||
        now.status === 'restarting' ||
        now.busy?.verb === 'container.start' ||
        now.busy?.verb === 'container.restart')
    );
  };
  const end = async (): Promise<void> => {
    const now = head.containers.get(container.id);
    // A later run than the one that was followed from its start may have ended before its output was looked at.
    if (now !== undefined && now.startedAt !== container.startedAt)
      await core.outputs.open(now).catch((error: unknown) => core.parts.logger.warn('output not taken over', { error: String(error) }));
    ended.abort();
  };
  const subscription = core.ledger.facts.subscribe((event) => {
    if (event.stream === `container/${container.id}` && event.type !== 'operation.step' && !running()) void end();
  });
  const leave = (): void => gone.abort();
  options.signal?.addEventListener('abort', leave, { once: true });
  if (options.signal?.aborted === true) gone.abort();
  if (!running()) ended.abort();
  const { stdout, stderr, tail, since, until } = options;
  try {
    if (container.startedAt !== '') await core.outputs.open(container);
    yield* driver.read({
      id: container.id,
      spool: core.outputs.spool(container),
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
