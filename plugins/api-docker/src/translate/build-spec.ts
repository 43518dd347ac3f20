import { type BuildSpec, ShiplogError } from '@shiplog/contracts';
import { Fields } from '../http/fields.ts';
import { booleanOf, integerOf } from '../http/query.ts';
import { extraHostsOf } from './networking.ts';
import { unsupported } from './refusals.ts';
import { resourcesOf, ulimitsOf } from './resources.ts';

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** A build, translated. The values of its arguments are still in the clear. */
export interface TranslatedBuild {
  readonly spec: BuildSpec;
  /** Null: the client names it and gives no value. */
  readonly buildArgs: { readonly [name: string]: string | null };
}

/**
 * Parameters of `POST /build` as what is to be built. `cachefrom` changes nothing: what is here serves as cache anyway. Throws REQUEST_INVALID, and NOT_SUPPORTED for what
 * would be missed.
 */
export function translateBuild(query: URLSearchParams, hostGateway: string): TranslatedBuild {
  if (query.get('version') === '2')
    throw unsupported('BuildKit', 'set DOCKER_BUILDKIT=0, or COMPOSE_DOCKER_CLI_BUILD=0 for compose, and the classic builder is asked');
  const remote = query.get('remote') ?? '';
  if (remote !== '') throw unsupported('building from a URL', 'fetch it and send it as the context: `docker build - < context.tar`');
  if (booleanOf(query, 'squash')) throw unsupported('squash', 'leave it out: layers are as cheap as with Docker');
  if (query.get('outputs') !== null && !['', '[]', 'null'].includes(query.get('outputs') ?? ''))
    throw unsupported('outputs', '`docker create` and `docker cp` take files out of an image');
  const securityOptions = query
    .getAll('securityopt')
    .concat(query.getAll('security-opt'))
    .filter((option) => option !== '');
  if (securityOptions.length > 0) throw unsupported('security options of a build', 'leave them out');
  const host = new Fields({
    Memory: integerOf(query, 'memory'),
    MemorySwap: integerOf(query, 'memswap'),
    CpuShares: integerOf(query, 'cpushares'),
    CpuPeriod: integerOf(query, 'cpuperiod'),
    CpuQuota: integerOf(query, 'cpuquota'),
    CpusetCpus: query.get('cpusetcpus') ?? '',
    CpusetMems: query.get('cpusetmems') ?? '',
    Ulimits: jsonOf(query, 'ulimits') ?? [],
  });
  const shmSize = integerOf(query, 'shmsize') ?? 0;
  if (shmSize < 0) throw new ShiplogError('REQUEST_INVALID', 'SHM size can not be less than 0');
  const networkMode = query.get('networkmode') ?? '';
  const buildArgs = mapOf(query, 'buildargs');
  const [target = '', platform = ''] = ['target', 'platform'].map((name) => query.get(name) ?? '');
  const spec: BuildSpec = {
    dockerfile: query.get('dockerfile') || 'Dockerfile',
    ...(target === '' ? {} : { target }),
    ...(platform === '' ? {} : { platform }),
    tags: query.getAll('t').filter((tag) => tag !== ''),
    labels: Object.fromEntries(Object.entries(mapOf(query, 'labels')).map(([name, value]) => [name, value ?? ''])),
    buildArgs: Object.keys(buildArgs),
    noCache: booleanOf(query, 'nocache'),
    pull: booleanOf(query, 'pull'),
    remove: booleanOf(query, 'rm', true),
    forceRemove: booleanOf(query, 'forcerm'),
    containers: {
      networkMode: networkMode === '' || networkMode === 'default' ? 'bridge' : networkMode,
      shmSizeBytes: shmSize === 0 ? DEFAULT_SHM_BYTES : shmSize,
      ulimits: ulimitsOf(host),
      resources: resourcesOf(host),
      extraHosts: extraHostsOf(
        query.getAll('extrahosts').filter((entry) => entry !== ''),
        hostGateway,
      ),
    },
  };
  return { spec, buildArgs };
}

/** A JSON object of texts and nulls, or nothing. */
function mapOf(query: URLSearchParams, name: string): { readonly [key: string]: string | null } {
  const value = jsonOf(query, name) ?? {};
  if (typeof value !== 'object' || Array.isArray(value) || !Object.values(value).every((one) => one === null || typeof one === 'string'))
    throw new ShiplogError('REQUEST_INVALID', `invalid value for ${name}: it is no JSON object of strings`);
  return value as { readonly [key: string]: string | null };
}

function jsonOf(query: URLSearchParams, name: string): unknown {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // The text may hold a secret.
    throw new ShiplogError('REQUEST_INVALID', `invalid value for ${name}: it is no JSON`, {}, { cause: error });
  }
}
