import { type ShiplogEvent, strengthOf } from '@shiplog/contracts';
import type { Format } from './format.ts';

/** Log records a request, as collectors like them. */
const BATCH = 512;

/** Severity numbers of OpenTelemetry's log data model: INFO, WARN, ERROR. */
const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;

type Value =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean };

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/**
 * An event as a log record of OTLP's JSON form (64-bit integers are text there): an event by its name, without a body.
 * Nested data are one attribute, `shiplog.data`, as JSON.
 */
export function toLogRecord(event: ShiplogEvent): object {
  const severity = severityOf(event);
  const { actor, req, result } = event;
  const facts: { readonly [key: string]: string | number | boolean | undefined } = {
    'shiplog.seq': event.seq,
    'shiplog.id': event.id,
    'shiplog.kind': event.kind,
    'shiplog.stream': event.stream,
    'shiplog.op': event.op,
    'shiplog.corr': event.corr,
    'shiplog.cause': event.cause,
    'shiplog.actor.scheme': actor.scheme,
    'shiplog.actor.strength': strengthOf(actor),
    ...(actor.scheme === 'unix'
      ? { 'user.id': String(actor.loginuid ?? actor.uid), 'process.pid': actor.pid, 'process.executable.path': actor.exe }
      : {}),
    ...(actor.scheme === 'tls' ? { 'user.name': actor.subject, 'tls.client.hash.sha256': actor.fingerprint } : {}),
    ...(actor.scheme === 'tls' || actor.scheme === 'tcp' ? { 'client.address': actor.address } : {}),
    ...(actor.scheme === 'sealed' || actor.scheme === 'erased' ? { 'shiplog.actor.subject': actor.subject } : {}),
    'http.request.method': req?.method,
    'http.route': req?.route,
    'user_agent.original': req?.agent,
    'shiplog.status': result?.status,
    'shiplog.ms': result?.ms,
    'error.type': result?.error?.code,
    'shiplog.data': JSON.stringify(event.data),
  };
  return {
    timeUnixNano: event.t,
    observedTimeUnixNano: event.t,
    severityNumber: SEVERITY[severity],
    severityText: severity,
    eventName: `shiplog.${event.type}`,
    attributes: attributes(facts),
  };
}

function severityOf({ result }: ShiplogEvent): keyof typeof SEVERITY {
  if (result?.status === 'failed' || result?.status === 'unknown') return 'ERROR';
  return result?.status === 'refused' || result?.status === 'canceled' ? 'WARN' : 'INFO';
}

function attributes(facts: { readonly [key: string]: string | number | boolean | undefined }): Attribute[] {
  return Object.entries(facts).flatMap(([key, fact]) => (fact === undefined ? [] : [{ key, value: valueOf(fact) }]));
}

function valueOf(fact: string | number | boolean): Value {
  if (typeof fact === 'string') return { stringValue: fact };
  if (typeof fact === 'boolean') return { boolValue: fact };
  return Number.isSafeInteger(fact) ? { intValue: String(fact) } : { doubleValue: fact };
}

async function* requests(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<string> {
  let batch: ShiplogEvent[] = [];
  for await (const event of events) {
    // A resource is one run of one engine.
    if (batch.length === BATCH || (batch[0] !== undefined && batch[0].inst !== event.inst)) {
      yield request(batch);
      batch = [];
    }
    batch.push(event);
  }
  if (batch.length > 0) yield request(batch);
}

function request(batch: readonly ShiplogEvent[]): string {
  const resource = { attributes: attributes({ 'service.name': 'shiplog', 'service.instance.id': batch[0]?.inst }) };
  return `${JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'shiplog' }, logRecords: batch.map(toLogRecord) }] }] })}\n`;
}

export const otel: Format = {
  name: 'otel',
  doc: 'OpenTelemetry logs: OTLP/JSON requests of up to 512 records, one a line',
  binary: false,
  write: requests,
};
