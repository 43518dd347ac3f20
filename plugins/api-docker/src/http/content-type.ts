import { type ApiVersion, atLeast } from './version.ts';

/** Content type of process output: a terminal's bytes are raw; separate streams are framed, and say so from API 1.42 on. */
export function outputContentType(tty: boolean, version: ApiVersion): string {
  return !tty && atLeast(version, '1.42') ? 'application/vnd.docker.multiplexed-stream' : 'application/vnd.docker.raw-stream';
}
