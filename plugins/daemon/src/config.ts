import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ShiplogError } from '@shiplog/contracts/errors';
import { durationNanos } from '@shiplog/contracts/moment';
import { sizeBytes } from '@shiplog/contracts/size';
import type { Isolation, ReadLevel, RetentionPolicy } from '@shiplog/contracts';
import { type Host, parseHost } from './hosts.ts';
import type { LogLevel } from './logger.ts';

/** Everything `shiplogd` can be told, by flag or by the same word in the config file. */
export interface DaemonConfig {
  readonly root: string;
  readonly run: string;
  /** Where to listen: the docker socket first. */
  readonly hosts: readonly Host[];
  /** PEM files for TCP hosts. Absent: they are plain. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly storageDriver?: string;
  readonly cgroupDriver?: string;
  readonly networkBridge: string;
  readonly networkSubnet: string;
  readonly runtime: string;
  readonly logDriver: string;
  /** Of containers with that log driver that do not say otherwise. */
  readonly logOptions: { readonly [option: string]: string };
  readonly logLevel: LogLevel;
  readonly plugins: readonly string[];
  /** Where plugins' code runs, by their names. */
  readonly isolation: { readonly [plugin: string]: Isolation };
  readonly driverOptions: { readonly [driver: string]: { readonly [option: string]: string } };
  /** What counts as a secret beside the usual: expressions for names, and for texts. */
  readonly secrets: { readonly names: readonly string[]; readonly patterns: readonly string[] };
  /** Which reads are recorded, by `METHOD TEMPLATE`. */
  readonly readLevels: { readonly [route: string]: ReadLevel };
  /** What of the log is sealed and pruned without a command. Absent: nothing. */
  readonly retention?: RetentionPolicy;
  /** Load plugins anew when their files change. */
  readonly watch: boolean;
  /** Remove everything the engine holds, and its directories, instead of serving. */
  readonly teardown: boolean;
}

/** One flag: its value's name, its default, what it means. The table makes the parser, the help and the check. */
const FLAGS = {
  root: { value: 'DIR', fallback: '/var/lib/shiplog', help: 'what survives reboots: the log, images, layers, secrets' },
  run: { value: 'DIR', fallback: '/run/shiplog', help: 'what does not: mounts, namespaces, bundles' },
  'docker-socket': { value: 'PATH', fallback: '', help: 'where to listen (default: docker.sock in --run), mode 0660' },
  host: { value: 'URL', fallback: '', help: 'also listen on tcp://ADDRESS:PORT or unix:///PATH; may be repeated' },
  tlscacert: { value: 'FILE', fallback: '', help: 'PEM: the authority whose certificates clients must have' },
  tlscert: { value: 'FILE', fallback: '', help: "PEM: this daemon's certificate" },
  tlskey: { value: 'FILE', fallback: '', help: 'PEM: its key' },
  'storage-driver': { value: 'NAME', fallback: '', help: 'overlay, btrfs or vfs (default: the first that can run here)' },
  'cgroup-driver': { value: 'NAME', fallback: '', help: 'v2 or v1 (default: the first that can run here)' },
  'network-bridge': { value: 'NAME', fallback: 'shiplog0', help: 'interface of the default network' },
  'network-subnet': { value: 'CIDR', fallback: '172.30.0.0/16', help: 'its addresses' },
  runtime: { value: 'NAME', fallback: 'oci', help: 'runtime driver' },
  'log-driver': { value: 'NAME', fallback: 'json-file', help: 'log driver of containers that name none' },
  'log-opt': {
    value: 'NAME=VALUE',
    fallback: '',
    help: 'option of that log driver, where a container does not say otherwise; may be repeated',
  },
  'log-level': { value: 'LEVEL', fallback: 'info', help: 'debug, info, warn or error' },
  'seal-after': { value: 'AGE', fallback: '', help: "move the log's events of that age into compressed archives (30d)" },
  'retention-time': { value: 'AGE', fallback: '', help: 'remove events of that age for good, and never younger ones (365d)' },
  'retention-events': {
    value: 'N',
    fallback: '',
    help: 'remove the oldest events beyond N for good; with --retention-time only older ones',
  },
  'retention-bytes': {
    value: 'SIZE',
    fallback: '',
    help: 'remove the oldest events for good while the younger ones take that much of the disk (10g); with the two above only what they let go',
  },
  config: { value: 'FILE', fallback: '', help: 'JSON file with these words in camel case; flags win' },
  witness: { value: 'URL=KEY', fallback: '', help: 'asked to cosign checkpoints of the log; may be repeated' },
  registry: { value: 'HOST', fallback: '', help: 'a registry that may be asked for images, and no others may; may be repeated' },
  'insecure-registry': {
    value: 'HOST',
    fallback: '',
    help: 'a registry that may speak plain HTTP or show an unknown certificate, as those on loopback may; may be repeated',
  },
  'registry-certs': {
    value: 'DIR',
    fallback: '',
    help: "certificates by registry, HOST[:PORT]/*.crt, *.cert and *.key, as in Docker's certs.d; may be repeated",
  },
  'registry-mirror': { value: 'URL', fallback: '', help: "asked before Docker's hub for its images; may be repeated" },
  plugin: { value: 'MODULE', fallback: '', help: 'one more plugin, by module name, file or directory; may be repeated' },
  isolate: { value: 'PLUGIN=WHERE', fallback: '', help: 'run a plugin inline, in a worker or in a process; may be repeated' },
} as const;

type Flag = keyof typeof FLAGS;

/** Flags that are there or not. In the config file: true or false. */
const SWITCHES = {
  tlsverify: 'on TCP hosts speak TLS, and answer only clients whose certificate the authority signed',
  'insecure-tcp': 'let TCP hosts be without TLS: whoever reaches the port is root on this host',
  watch: 'load plugins anew whenever their files are saved; for those who write them',
  teardown: 'remove all containers, networks and both directories, and exit',
} as const;

/** Flags that may be given several times, with the list of the config file that holds the same. */
const LISTS = {
  plugin: 'plugins',
  host: 'hosts',
  isolate: 'isolate',
  witness: 'witnesses',
  'log-opt': 'logOpts',
  registry: 'registries',
  'insecure-registry': 'insecureRegistries',
  'registry-mirror': 'registryMirrors',
  'registry-certs': 'registryCerts',
} as const;

/** Lists that are options of a driver. */
const OPTION_LISTS = [
  { flag: 'witness', driver: 'api/tlog', option: 'witness' },
  { flag: 'registry', driver: 'image-source/registry', option: 'only' },
  { flag: 'insecure-registry', driver: 'image-source/registry', option: 'insecure' },
  { flag: 'registry-mirror', driver: 'image-source/registry', option: 'mirrors' },
  { flag: 'registry-certs', driver: 'image-source/registry', option: 'certs' },
] as const satisfies readonly { readonly flag: keyof typeof LISTS; readonly driver: string; readonly option: string }[];

/** What only the config file can say. */
const FILE_ONLY = ['driverOptions', 'secretNames', 'secretPatterns', 'auditReads'] as const;

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];

/** What `--help` prints. */
export function usage(): string {
  const rows = Object.entries(FLAGS).map(([flag, { value, fallback, help }]) => {
    const left = `  --${flag} ${value}`.padEnd(28);
    return `${left}${help}${fallback === '' ? '' : ` (default: ${fallback})`}`;
  });
  return [
    'Usage: shiplogd [flags]',
    '',
    'Runs the Shiplog engine in the foreground. SIGTERM stops it; containers run on.',
    '',
    ...rows,
    ...Object.entries(SWITCHES).map(([flag, help]) => `  --${flag}`.padEnd(28) + help),
    '  --version',
    '  --help',
    '',
  ].join('\n');
}

/** Reads flags and config file. Throws CONFIG_INVALID, naming the flag or the key. */
export async function readConfig(argv: readonly string[]): Promise<DaemonConfig | 'help' | 'version'> {
  const given = parse(argv);
  if (given.help === true) return 'help';
  if (given.version === true) return 'version';
  const file = typeof given.config === 'string' && given.config !== '' ? await readFileConfig(given.config) : {};
  const word = (flag: Flag): string => {
    const own = given[flag];
    if (typeof own === 'string') return own;
    const stored = file[camel(flag)];
    if (stored !== undefined && typeof stored !== 'string') throw invalid(`${camel(flag)} in the config file must be a string`);
    return stored ?? FLAGS[flag].fallback;
  };
  const directory = (flag: Flag): string => {
    const path = word(flag);
    if (path.includes('\0') || path === '') throw invalid(`--${flag} must be a directory`);
    return isAbsolute(path) ? resolve(path) : resolve(process.cwd(), path);
  };
  const on = (flag: keyof typeof SWITCHES): boolean => {
    const stored = file[camel(flag)] ?? false;
    if (typeof stored !== 'boolean') throw invalid(`${camel(flag)} in the config file must be true or false`);
    return given[flag] === true || stored;
  };
  const list = (flag: keyof typeof LISTS): readonly string[] => {
    const own = given[flag];
    return [...strings(file[LISTS[flag]], LISTS[flag]), ...(Array.isArray(own) ? own : [])];
  };
  const run = directory('run');
  const storageDriver = word('storage-driver');
  const cgroupDriver = word('cgroup-driver');
  const logLevel = word('log-level');
  if (!LEVELS.includes(logLevel)) throw invalid(`--log-level must be one of ${LEVELS.join(', ')}, not "${logLevel}"`);
  const networkBridge = word('network-bridge');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(networkBridge))
    throw invalid(`--network-bridge must be an interface name of at most 15 characters, not "${networkBridge}"`);
  const networkSubnet = word('network-subnet');
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(networkSubnet))
    throw invalid(`--network-subnet must be an IPv4 subnet such as 172.30.0.0/16, not "${networkSubnet}"`);
  const dockerSocket = word('docker-socket') === '' ? resolve(run, 'docker.sock') : directory('docker-socket');
  const hosts: readonly Host[] = [{ kind: 'unix', path: dockerSocket }, ...list('host').map(parseHost)];
  const tls = tlsFiles({ ca: word('tlscacert'), cert: word('tlscert'), key: word('tlskey') }, on('tlsverify'));
  const insecure = on('insecure-tcp');
  if (tls === undefined && !insecure && hosts.some(({ kind }) => kind === 'tcp')) {
    throw invalid(
      'a TCP host without TLS gives root to whoever reaches it: give --tlsverify with --tlscacert, --tlscert and --tlskey, or --insecure-tcp',
    );
  }
  if (tls !== undefined && insecure) throw invalid('--insecure-tcp and --tlsverify exclude each other');
  return {
    root: directory('root'),
    run,
    hosts,
    ...(tls === undefined ? {} : { tls }),
    ...(storageDriver === '' ? {} : { storageDriver }),
    ...(cgroupDriver === '' ? {} : { cgroupDriver }),
    networkBridge,
    networkSubnet,
    runtime: word('runtime'),
    logDriver: word('log-driver'),
    logOptions: Object.fromEntries(list('log-opt').map(logOption)),
    // Checked against LEVELS above.
    logLevel: logLevel as LogLevel,
    plugins: list('plugin'),
    isolation: Object.fromEntries(list('isolate').map(isolationOf)),
    driverOptions: OPTION_LISTS.reduce(
      (options, { flag, driver, option }) => withList(options, driver, option, list(flag)),
      driverOptions(file.driverOptions),
    ),
    secrets: { names: expressions(file.secretNames, 'secretNames'), patterns: expressions(file.secretPatterns, 'secretPatterns') },
    readLevels: readLevels(file.auditReads),
    ...retentionOf({
      sealAfter: word('seal-after'),
      time: word('retention-time'),
      events: word('retention-events'),
      bytes: word('retention-bytes'),
    }),
    watch: on('watch'),
    teardown: on('teardown'),
  };
}

/** Nothing where nothing is asked for: a log is never touched by itself. */
function retentionOf(asked: {
  readonly sealAfter: string;
  readonly time: string;
  readonly events: string;
  readonly bytes: string;
}): Pick<DaemonConfig, 'retention'> {
  const retention: RetentionPolicy = {
    ...(asked.sealAfter === '' ? {} : { sealAfterMs: age('seal-after', asked.sealAfter) }),
    ...(asked.time === '' ? {} : { keepMs: age('retention-time', asked.time) }),
    ...(asked.events === '' ? {} : { maxEvents: eventCount(asked.events) }),
    ...(asked.bytes === '' ? {} : { maxBytes: retentionSize(asked.bytes) }),
  };
  return Object.keys(retention).length === 0 ? {} : { retention };
}

function age(flag: Flag, text: string): number {
  const nanos = durationNanos(text);
  if (nanos === undefined || nanos < 1_000_000_000n)
    throw invalid(`--${flag} must be an age of a second or more, such as 12h or 30d, not "${text}"`);
  return Number(nanos / 1_000_000n);
}

function eventCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw invalid(`--retention-events must be a number of events, such as 1000000, not "${text}"`);
  return count;
}

function retentionSize(text: string): number {
  const bytes = sizeBytes(text);
  if (bytes === undefined || bytes < 1) throw invalid(`--retention-bytes must be a size, such as 500m or 10g, not "${text}"`);
  return bytes;
}

function logOption(text: string): readonly [string, string] {
  const cut = text.indexOf('=');
  if (cut <= 0) throw invalid(`--log-opt takes NAME=VALUE, such as max-size=10m, not "${text}"`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

function isolationOf(text: string): readonly [string, Isolation] {
  const cut = text.lastIndexOf('=');
  const [plugin, where] = [text.slice(0, cut), text.slice(cut + 1)];
  if (cut > 0 && (where === 'inline' || where === 'worker' || where === 'process')) return [plugin, where];
  throw invalid(`--isolate takes PLUGIN=inline, PLUGIN=worker or PLUGIN=process, not "${text}"`);
}

/** Undefined without --tlsverify; then no file may be given, since encryption alone keeps nobody out. */
function tlsFiles(files: NonNullable<DaemonConfig['tls']>, verify: boolean): DaemonConfig['tls'] {
  const given = Object.values(files).filter((path) => path !== '').length;
  if (!verify && given > 0)
    throw invalid('--tlscacert, --tlscert and --tlskey need --tlsverify: TLS without client certificates keeps nobody out');
  if (verify && given < 3) throw invalid('--tlsverify needs --tlscacert, --tlscert and --tlskey');
  return verify ? files : undefined;
}

function parse(argv: readonly string[]): { readonly [flag: string]: string | boolean | string[] | undefined } {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = {
    help: { type: 'boolean' },
    version: { type: 'boolean' },
  };
  for (const flag of Object.keys(SWITCHES)) options[flag] = { type: 'boolean' };
  for (const flag of Object.keys(FLAGS)) options[flag] = flag in LISTS ? { type: 'string', multiple: true } : { type: 'string' };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values as {
      [flag: string]: string | boolean | string[] | undefined;
    };
  } catch (error) {
    throw invalid(`${error instanceof Error ? error.message : String(error)}; see shiplogd --help`);
  }
}

async function readFileConfig(path: string): Promise<{ readonly [key: string]: unknown }> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(`the config file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`the config file ${path} must hold one JSON object`);
  const words = [...Object.keys(FLAGS), ...Object.keys(SWITCHES)].filter((flag) => !(flag in LISTS) && flag !== 'teardown');
  const known = new Set([...words.map((flag) => camel(flag)), ...Object.values(LISTS), ...FILE_ONLY]);
  for (const key of Object.keys(value)) if (!known.has(key)) throw invalid(`the config file ${path} has an unknown key "${key}"`);
  return value as { readonly [key: string]: unknown };
}

function strings(value: unknown, key: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
    throw invalid(`${key} in the config file must be a list of strings`);
  return value as string[];
}

function expressions(value: unknown, key: string): readonly string[] {
  const sources = strings(value, key);
  for (const source of sources) {
    try {
      void new RegExp(source);
    } catch (error) {
      throw invalid(`${key} in the config file: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return sources;
}

function readLevels(value: unknown): DaemonConfig['readLevels'] {
  const levels = value ?? {};
  const fits =
    typeof levels === 'object' && !Array.isArray(levels) && Object.values(levels).every((one) => one === 'none' || one === 'metadata');
  if (!fits) throw invalid('auditReads in the config file must be none or metadata by route, such as {"GET /containers/json": "metadata"}');
  return levels as DaemonConfig['readLevels'];
}

function driverOptions(value: unknown): DaemonConfig['driverOptions'] {
  if (value === undefined) return {};
  const wrong = (): never => {
    throw invalid('driverOptions in the config file must be objects of strings by "kind/name"');
  };
  if (typeof value !== 'object' || value === null) return wrong();
  for (const options of Object.values(value)) {
    if (typeof options !== 'object' || options === null || Object.values(options).some((one) => typeof one !== 'string')) return wrong();
  }
  return value as DaemonConfig['driverOptions'];
}

/** What a driver's option has already, and more. */
function withList(
  options: DaemonConfig['driverOptions'],
  driver: string,
  option: string,
  more: readonly string[],
): DaemonConfig['driverOptions'] {
  if (more.length === 0) return options;
  const own = options[driver] ?? {};
  const all = own[option] === undefined ? more : [own[option], ...more];
  return { ...options, [driver]: { ...own, [option]: all.join(' ') } };
}

function camel(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('CONFIG_INVALID', message);
}
