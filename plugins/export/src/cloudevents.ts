import { type ShiplogEvent, strengthOf } from '@shiplog/contracts';
import { lines } from './chunks.ts';
import type { Format } from './format.ts';
import { rfc3339 } from './time.ts';

/** Digits of the largest safe integer: sequences compare as text. */
const SEQUENCE_DIGITS = 16;

/**
 * An event in CloudEvents 1.0.2's JSON form. `source` names the engine's instance, `id` the event in it; extensions: `sequence`
 * (its position, zero-padded), `correlationid`, `causationid`, and the audit's `outcome` and `actorstrength`. Attribute names are
 * lower-case letters and digits, as the specification wants them. The envelope's own fields are in `data`.
 */
export function toCloudEvent(event: ShiplogEvent): { readonly [attribute: string]: unknown } {
  const { id, type, stream, t, seq, corr, cause, kind, inst, actor, result, data, op, req } = event;
  return {
    specversion: '1.0',
    id,
    source: `/shiplog/${inst}`,
    type: `shiplog.${type}`,
    subject: stream,
    time: rfc3339(t),
    datacontenttype: 'application/json',
    sequence: String(seq).padStart(SEQUENCE_DIGITS, '0'),
    correlationid: corr,
    ...(cause === undefined ? {} : { causationid: String(cause) }),
    actorstrength: strengthOf(actor),
    ...(result === undefined ? {} : { outcome: result.status }),
    data: { kind, op, actor, ...(req === undefined ? {} : { req }), ...(result === undefined ? {} : { result }), data },
  };
}

export const cloudevents: Format = {
  name: 'cloudevents',
  doc: 'CloudEvents 1.0.2, JSON, one a line',
  binary: false,
  write: (events) => lines(events, (event) => `${JSON.stringify(toCloudEvent(event))}\n`),
};
