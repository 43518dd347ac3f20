/** A logger that says nothing; fits where a driver wants one. */
export const silentLogger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(_message: string, _facts?: { readonly [fact: string]: unknown }): void {
  return undefined;
}
