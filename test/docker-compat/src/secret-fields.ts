import { IMAGE } from './audit-cases.ts';

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

/** A request that changes something, and the status it is answered with. */
export interface Mutation {
  readonly method: string;
  readonly path: string;
  readonly query: { readonly [name: string]: string };
  readonly body?: Json;
  readonly headers: { readonly [name: string]: string };
  readonly status: number;
}

/** Texts that tell a secret to the rules, wherever they stand. */
export const TELLING: readonly ((secret: string) => string)[] = [
  (secret) => `https://me:${secret}@example.org/x`,
  (secret) => `me:${secret}@example.org/x`,
  (secret) => `/srv/me:${secret}@example.org/x`,
  (secret) => `--password=${secret}`,
  (secret) => `/srv/x?token=${secret}`,
  (secret) => `Authorization: Bearer ${secret}`,
];

const ENDPOINT: Json = { Aliases: ['also'], Links: ['busy:other'], DriverOpts: {} };

const UPDATE: Json = { CpusetCpus: '0', CpusetMems: '0', RestartPolicy: { Name: 'no' } };

/** Of what is no block device: refused when it would take effect. */
const BLOCK: Json = { BlkioDeviceReadBps: [{ Path: '/dev/null', Rate: 1_000_000 }] };

const EXEC: Json = { Cmd: ['true'], User: '0', WorkingDir: '/', Env: ['A=1'], DetachKeys: 'ctrl-a' };

const COMMITTED: Json = {
  User: '0',
  WorkingDir: '/w',
  Entrypoint: ['true'],
  Cmd: ['x'],
  Env: ['A=1'],
  Labels: { a: 'b' },
  StopSignal: 'TERM',
};

const CONTAINER: Json = {
  Image: IMAGE,
  Hostname: 'h',
  Domainname: 'd',
  User: '0',
  WorkingDir: '/w',
  Entrypoint: ['true'],
  Cmd: ['x'],
  Env: ['A=1'],
  Labels: { a: 'b' },
  StopSignal: 'TERM',
  Volumes: { '/v': {} },
  ExposedPorts: { '80/tcp': {} },
  Healthcheck: { Test: ['CMD', 'true'] },
  NetworkingConfig: { EndpointsConfig: { fields: ENDPOINT } },
  HostConfig: {
    Binds: ['/tmp:/b:ro'],
    Mounts: [
      { Type: 'bind', Source: '/tmp', Target: '/m', BindOptions: { Propagation: 'rprivate' } },
      { Type: 'volume', Source: 'vol', Target: '/n', VolumeOptions: { Labels: { a: 'b' }, DriverConfig: { Name: 'local', Options: {} } } },
      { Type: 'tmpfs', Target: '/t' },
    ],
    Tmpfs: { '/tmpfs': 'size=1m' },
    VolumeDriver: 'local',
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    NetworkMode: 'fields',
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
    RestartPolicy: { Name: 'no' },
    Dns: ['127.0.0.1'],
    DnsSearch: ['a'],
    DnsOptions: ['ndots:1'],
    ExtraHosts: ['a:127.0.0.1'],
    GroupAdd: ['0'],
    CapAdd: ['CHOWN'],
    CapDrop: ['KILL'],
    Sysctls: { 'net.ipv4.ip_forward': '1' },
    Ulimits: [{ Name: 'nofile', Soft: 64, Hard: 64 }],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }],
    SecurityOpt: ['no-new-privileges'],
    StorageOpt: {},
    IpcMode: 'private',
    PidMode: '',
    UTSMode: '',
    UsernsMode: '',
    CgroupnsMode: '',
    CgroupParent: '',
    Isolation: '',
    Runtime: 'crun',
    CpusetCpus: '0',
    CpusetMems: '0',
    Annotations: { a: 'b' },
    MaskedPaths: ['/proc/kcore'],
    ReadonlyPaths: ['/proc/sys'],
  },
};

const NETWORK: Json = {
  Name: 'planted',
  Driver: 'bridge',
  Scope: 'local',
  Options: { a: 'b' },
  Labels: { a: 'b' },
  IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '198.18.229.0/24', Gateway: '198.18.229.1' }] },
};

const VOLUME: Json = { Name: 'planted', Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' }, Labels: { a: 'b' } };

const LABELLED = '{"label":["x"]}';

function mutation(
  status: number,
  method: string,
  path: string,
  more: Partial<Omit<Mutation, 'status' | 'method' | 'path'>> = {},
): Mutation {
  return { method, path, query: {}, headers: {}, status, ...more };
}

const post = (status: number, path: string, query: Mutation['query'] = {}, body?: Json): Mutation =>
  mutation(status, 'POST', path, { query, ...(body === undefined ? {} : { body }) });
const drop = (path: string): Mutation => mutation(404, 'DELETE', path);

/**
 * Requests to every mutating route, with each of their fields in use. Names in them that are to be there: the container `busy`, which runs, and the network
 * `fields`. What stands for something by its name alone is `nobody`.
 */
export const MUTATIONS: readonly Mutation[] = [
  post(201, '/containers/create', { name: '', platform: '' }, CONTAINER),
  ...['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'wait'].map((verb) => post(404, `/containers/nobody/${verb}`)),
  post(404, '/containers/nobody/start', { detachKeys: 'ctrl-a' }),
  post(404, '/containers/nobody/stop', { signal: 'TERM', t: '1' }),
  post(404, '/containers/nobody/restart', { signal: 'TERM', t: '1' }),
  post(204, '/containers/busy/kill', { signal: 'URG' }),
  post(400, '/containers/busy/rename', { name: 'busy' }),
  post(404, '/containers/nobody/rename', { name: 'x' }),
  post(404, '/containers/nobody/resize', { h: '1', w: '1' }),
  post(404, '/containers/nobody/wait', { condition: 'removed' }),
  post(404, '/containers/nobody/attach', { detachKeys: 'ctrl-a', stream: '0' }),
  post(200, '/containers/busy/update', {}, UPDATE),
  post(404, '/containers/nobody/update', {}, UPDATE),
  post(400, '/containers/busy/update', {}, BLOCK),
  post(201, '/containers/create', {}, { Image: IMAGE, Cmd: ['true'], HostConfig: BLOCK }),
  post(200, '/containers/prune', { filters: LABELLED }),
  ...['nobody', 'busy'].map((name) =>
    mutation(404, 'PUT', `/containers/${name}/archive`, { query: { path: '/no/such', noOverwriteDirNonDir: '0', copyUIDGID: '0' } }),
  ),
  drop('/containers/nobody'),
  mutation(404, 'DELETE', '/containers/nobody', { query: { v: '0', force: '0', link: '0' } }),
  post(201, '/containers/busy/exec', {}, EXEC),
  post(404, '/containers/nobody/exec', {}, EXEC),
  post(404, '/exec/nobody/start', {}, { Detach: true }),
  post(404, '/exec/nobody/resize', { h: '1', w: '1' }),
  post(404, '/images/create', { fromImage: 'nobody', tag: 'x', platform: '' }),
  post(501, '/images/create', { fromSrc: 'http://localhost/x', repo: 'x', tag: 'x', message: 'm', changes: 'ENV a=b', platform: '' }),
  post(400, '/images/create', { fromSrc: '-', repo: 'x', tag: 'x', message: 'm', changes: 'ENV a=b', platform: '' }),
  post(404, '/images/nobody/tag', { repo: 'x', tag: 'x' }),
  post(201, `/images/${IMAGE}/tag`, { repo: 'busybox', tag: 'test' }),
  post(404, '/images/nobody/push', { tag: 'x' }),
  post(200, '/images/prune', { filters: LABELLED }),
  drop('/images/nobody'),
  post(501, '/build', { t: 'x', remote: 'x', dockerfile: 'x', buildargs: '{"A":"b"}', labels: '{"A":"b"}', cachefrom: '["x"]' }),
  post(201, '/commit', { container: 'busy', repo: 'x', tag: 'x', comment: 'x', author: 'x', changes: 'ENV A=b', pause: '0' }, COMMITTED),
  post(404, '/commit', { container: 'nobody', repo: 'x', tag: 'x', comment: 'x', author: 'x', changes: 'CMD x' }, COMMITTED),
  post(201, '/networks/create', {}, NETWORK),
  post(404, '/networks/nobody/connect', {}, { Container: 'busy', EndpointConfig: ENDPOINT }),
  post(404, '/networks/fields/connect', {}, { Container: 'nobody', EndpointConfig: ENDPOINT }),
  post(404, '/networks/nobody/disconnect', {}, { Container: 'busy' }),
  post(404, '/networks/fields/disconnect', {}, { Container: 'nobody' }),
  post(200, '/networks/prune', { filters: LABELLED }),
  drop('/networks/nobody'),
  post(201, '/volumes/create', {}, VOLUME),
  post(200, '/volumes/prune', { filters: LABELLED }),
  drop('/volumes/nobody'),
  post(404, '/shiplog/v1/containers/nobody/migrate', { storageDriver: 'vfs' }),
  post(409, '/shiplog/v1/containers/busy/migrate', { storageDriver: 'nothing' }),
  post(404, '/shiplog/v1/images/nobody/migrate', { storageDriver: 'vfs' }),
  ...['enable', 'disable', 'reload'].map((verb) => post(404, `/shiplog/v1/plugins/nobody/${verb}`)),
  post(200, '/shiplog/v1/log/seal', { before: '0' }),
  post(200, '/shiplog/v1/log/prune', { before: '0' }),
  post(404, '/shiplog/v1/subjects/erase', { subject: 'uid:77' }),
  ...['user-agent', 'x-request-id', 'idempotency-key'].map((name) =>
    mutation(400, 'POST', '/volumes/create', { body: { Name: '/' }, headers: { [name]: 'x' } }),
  ),
];

/** A way to put a text into a field of a request. */
export interface Planting {
  readonly where: string;
  readonly with: (text: string) => Mutation;
}

/** Every field of a request that takes a text: parts of its path, parameters, headers, texts in its body and names that its user chooses there. */
export function* plantings(given: Mutation): Generator<Planting> {
  const { method, path, query, body, headers } = given;
  const route = `${method} ${path}`;
  if (path.includes('nobody'))
    yield { where: route, with: (text) => ({ ...given, path: path.replace('nobody', encodeURIComponent(text)) }) };
  for (const name of Object.keys(query))
    yield { where: `${route}?${name}`, with: (text) => ({ ...given, query: { ...query, [name]: text } }) };
  for (const name of Object.keys(headers))
    yield { where: `${route} ${name}`, with: (text) => ({ ...given, headers: { ...headers, [name]: text } }) };
  for (const [where, put] of body === undefined ? [] : variants(body, route))
    yield { where, with: (text) => ({ ...given, body: put(text) }) };
}

type Variant = readonly [where: string, put: (text: string) => Json];

function* variants(value: Json, path: string): Generator<Variant> {
  if (typeof value === 'string') yield [path, (text) => text];
  else if (isList(value)) {
    for (const [index, one] of value.entries())
      for (const [where, put] of variants(one, `${path}[${index}]`)) yield [where, (text) => value.with(index, put(text))];
  } else if (typeof value === 'object') yield* variantsOfObject(value, path);
}

function* variantsOfObject(value: { readonly [name: string]: Json }, path: string): Generator<Variant> {
  for (const [name, one] of Object.entries(value)) {
    const others = Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
    for (const [where, put] of variants(one, `${path}.${name}`)) yield [where, (text) => ({ ...others, [name]: put(text) })];
    // Docker's own names begin with a capital.
    if (!/^[A-Z]/.test(name)) yield [`${path}.${name} as a name`, (text) => ({ ...others, [text]: one })];
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
