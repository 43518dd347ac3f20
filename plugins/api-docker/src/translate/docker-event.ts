/** Attributes of an event's object. */
export type Attributes = { readonly [name: string]: string };

/** An event as Docker tells it. */
export interface DockerEvent {
  readonly type: 'container' | 'image' | 'network' | 'volume';
  readonly action: string;
  readonly id: string;
  readonly attributes: Attributes;
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
}

/**
 * One line of `GET /events` below API 1.52: with `status`, `id` and `from`, which older clients cannot do without.
 * `timeNano` is past the integers of JavaScript, so it is put in as text.
 */
export function eventLine(event: DockerEvent): string {
  const legacy =
    event.type === 'container' || event.type === 'image'
      ? {
          status: event.action,
          ...(event.id === '' ? {} : { id: event.id, ...(event.type === 'container' ? { from: event.attributes['image'] ?? '' } : {}) }),
        }
      : {};
  const document = JSON.stringify({
    ...legacy,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: 'local',
    time: Number(BigInt(event.time) / 1_000_000_000n),
  });
  return `${document.slice(0, -1)},"timeNano":${event.time}}\n`;
}
