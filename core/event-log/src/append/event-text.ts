import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { canonicalJson } from './canonical-json.ts';

/** A character that JSON escapes, or may have to. */
const SPECIAL = /[^ !#-[\]-~]/;

/** Quoted texts of strings that most events share: types, kinds, the boot, the instance. */
const known = new Map<string, string>();
const MOST_KNOWN = 1024;
/** Characters of an event at most: more than a request brings, and no more than an archive gives back. */
const MOST_LENGTH = 64 * 1024 * 1024;

/**
 * The canonical JSON text of an event (see {@link canonicalJson}): its fields in their order, so that only what stands in
 * them must be put in order. Throws INTERNAL for what JSON cannot hold, REQUEST_INVALID for what is too large to be archived.
 */
export function eventText(event: ShiplogEvent): string {
  const { cause, driver, idem, req, result, tags } = event;
  let text = `{"actor":${canonicalJson(event.actor)},"boot":${shared(event.boot)}`;
  if (cause !== undefined) text += `,"cause":${canonicalJson(cause)}`;
  text += `,"corr":${quoted(event.corr)},"data":${canonicalJson(event.data)}`;
  if (driver !== undefined) text += `,"driver":${canonicalJson(driver)}`;
  text += `,"id":${quoted(event.id)}`;
  if (idem !== undefined) text += `,"idem":${quoted(idem)}`;
  text += `,"inst":${shared(event.inst)},"kind":${shared(event.kind)},"mono":${quoted(event.mono)},"op":${quoted(event.op)}`;
  if (req !== undefined) text += `,"req":${canonicalJson(req)}`;
  if (result !== undefined) text += `,"result":${canonicalJson(result)}`;
  text += `,"rev":${event.rev},"seq":${event.seq},"stream":${quoted(event.stream)},"sv":${canonicalJson(event.sv)},"t":${quoted(event.t)}`;
  if (tags !== undefined) text += `,"tags":${canonicalJson(tags)}`;
  text += `,"type":${shared(event.type)},"v":${event.v}}`;
  if (text.length > MOST_LENGTH)
    throw new ShiplogError('REQUEST_INVALID', `an event of ${text.length} characters is larger than ${MOST_LENGTH}; nothing was appended`, {
      most: MOST_LENGTH,
    });
  return text;
}

/** Most strings stand for themselves. What is no string, against its type, is left to who writes any value. */
function quoted(value: string): string {
  return typeof value !== 'string' || SPECIAL.test(value) ? canonicalJson(value) : `"${value}"`;
}

function shared(value: string): string {
  let text = known.get(value);
  if (text === undefined) {
    if (known.size === MOST_KNOWN) known.clear();
    text = canonicalJson(value);
    known.set(value, text);
  }
  return text;
}
