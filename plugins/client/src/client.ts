import { type TlsMaterial, tlsFrom } from './tls.ts';
import { Transport } from './transport.ts';
import { DockerClient } from './docker-client.ts';
import type { Ping } from './versioned-transport.ts';
import { hostFrom } from './host.ts';
import { NativeClient } from './native-client.ts';
import { TlogClient } from './tlog-client.ts';

/** The APIs of one engine. */
export interface Client {
  /** Where it speaks to, such as `unix:///run/shiplog/docker.sock`. */
  readonly host: string;
  /** Docker's routes: everything that Docker's API has words for. */
  readonly docker: DockerClient;
  /** The log: events from a position, inspect at a moment, verify. */
  readonly native: NativeClient;
  /** The log's checkpoints, tiles and entries. */
  readonly tlog: TlogClient;
  /** Reaches the engine and agrees on a version of Docker's API, once. */
  ping(): Promise<Ping>;
  /** Closes idle connections. */
  close(): void;
}

/**
 * Makes a client; connects on the first call. Without `host` it is SHIPLOG_HOST, DOCKER_HOST or the daemon's default socket.
 * TCP hosts are spoken to with `tls`, or as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say. Throws TypeError for a host or file it cannot read.
 */
export function createClient(options: { readonly host?: string; readonly tls?: TlsMaterial } = {}): Client {
  const transport = new Transport(options.host ?? hostFrom(process.env), options.tls ?? tlsFrom(process.env));
  const docker = new DockerClient(transport);
  return {
    host: transport.host.text,
    docker,
    native: new NativeClient(transport),
    tlog: new TlogClient(transport),
    ping: () => docker.ping(),
    close: () => transport.close(),
  };
}
