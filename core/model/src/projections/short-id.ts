/** The 12 hex digits people read: of a container, network or exec id, or of a digest without its algorithm. */
export function shortId(id: string): string {
  const colon = id.indexOf(':');
  return id.slice(colon + 1, colon + 13);
}
