/** A side of a copy: a path in a container, one here, or a tar on stdin or stdout. */
export type CopyArgument =
  | { readonly kind: 'container'; readonly container: string; readonly path: string }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'stream' };

/** Reads `CONTAINER:PATH`, a path, or `-`. What begins with `/` or `.` is a path, whatever colons are in it. */
export function copyArgument(text: string): CopyArgument {
  if (text === '-') return { kind: 'stream' };
  const colon = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || colon < 1) return { kind: 'local', path: text };
  return { kind: 'container', container: text.slice(0, colon), path: text.slice(colon + 1) || '/' };
}

/** Whether a path says that what is in a directory is meant, and not the directory. */
export function meansContent(path: string): boolean {
  return path === '.' || path.endsWith('/.');
}

/** Whether a path says that it is a directory. */
export function meansDirectory(path: string): boolean {
  return path.endsWith('/') || meansContent(path);
}
