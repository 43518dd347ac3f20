/** Where an engine listens: a unix socket, or a TCP address. */
export type Host =
  | { readonly kind: 'unix'; readonly path: string; readonly text: string }
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number; readonly text: string };

/** Where the daemon listens unless told otherwise. */
export const DEFAULT_HOST = 'unix:///run/shiplog/docker.sock';

/** `unix:///path`, an absolute path, `tcp://host:port` or `http://host:port`; the port may be left out. Throws TypeError for anything else. */
export function parseHost(text: string, defaultPort = 2375): Host {
  const unix = /^(?:unix:\/\/)?(\/.+)$/.exec(text);
  if (unix?.[1] !== undefined) return { kind: 'unix', path: unix[1], text: `unix://${unix[1]}` };
  const tcp = /^(?:tcp|http):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^/:[\]]+))(?::(\d{1,5}))?\/?$/.exec(text);
  const address = tcp?.[1] ?? tcp?.[2];
  const port = Number(tcp?.[3] ?? defaultPort);
  if (address !== undefined && port > 0 && port < 65_536) return { kind: 'tcp', address, port, text };
  throw new TypeError(`cannot use "${text}" as a host: give unix:///path/to/socket or tcp://host:port`);
}

/** The host a program should speak with: SHIPLOG_HOST, else DOCKER_HOST, else {@link DEFAULT_HOST}. An empty variable is an absent one. */
export function hostFrom(env: { readonly [name: string]: string | undefined }): string {
  return env['SHIPLOG_HOST'] || env['DOCKER_HOST'] || DEFAULT_HOST;
}
