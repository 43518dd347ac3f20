import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { ShiplogError } from '@shiplog/contracts';

/** The default profile as Debian's golang-github-containers-common installs it. */
const PROFILE = '/usr/share/containers/seccomp.json';

const ARCHITECTURES: { readonly [node: string]: { readonly go: readonly string[]; readonly scmp: string } } = {
  x64: { go: ['amd64', 'x32', 'x86'], scmp: 'SCMP_ARCH_X86_64' },
  arm64: { go: ['arm64', 'arm'], scmp: 'SCMP_ARCH_AARCH64' },
};

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] }[];
  readonly syscalls?: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly args?: readonly { readonly index: number; readonly value: number; readonly valueTwo?: number; readonly op: string }[] | null;
    readonly errnoRet?: number;
    readonly includes?: Condition;
    readonly excludes?: Condition;
  }[];
}

let cached: Promise<Profile> | undefined;

/**
 * OCI's linux.seccomp for a container with `capabilities`. `wanted` is `default`, `unconfined` or a profile as JSON text in
 * the containers' format, whose rules depend on capabilities and architecture.
 */
export async function seccomp(wanted: string, capabilities: readonly string[]): Promise<object | undefined> {
  if (wanted === 'unconfined') return undefined;
  const profile = wanted === 'default' ? await (cached ??= readDefault()) : parse(wanted, 'the given profile');
  return convert(profile, new Set(capabilities));
}

async function readDefault(): Promise<Profile> {
  try {
    return parse(await readFile(PROFILE, 'utf8'), PROFILE);
  } catch (error) {
    cached = undefined;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ShiplogError(
      'HOST_UNSUITABLE',
      `the default seccomp profile ${PROFILE} is missing; install it (apt-get install golang-github-containers-common)`,
      { path: PROFILE },
    );
  }
}

function parse(text: string, what: string): Profile {
  try {
    return JSON.parse(text) as Profile;
  } catch (error) {
    throw new ShiplogError(
      'SPEC_INVALID',
      `${what} is no seccomp profile: ${error instanceof Error ? error.message : String(error)}`,
      {},
      { cause: error },
    );
  }
}

function convert(profile: Profile, capabilities: ReadonlySet<string>): object {
  const host = ARCHITECTURES[arch()];
  const arches = new Set(host?.go ?? []);
  const met = (condition: Condition | undefined): boolean =>
    (condition?.caps ?? []).every((cap) => capabilities.has(cap)) &&
    ((condition?.arches ?? []).length === 0 || (condition?.arches ?? []).some((one) => arches.has(one)));
  const excluded = (condition: Condition | undefined): boolean =>
    (condition?.caps ?? []).some((cap) => capabilities.has(cap)) || (condition?.arches ?? []).some((one) => arches.has(one));
  const mapped = profile.archMap?.find((entry) => entry.architecture === host?.scmp);
  const architectures = profile.architectures ?? (mapped === undefined ? [] : [mapped.architecture, ...(mapped.subArchitectures ?? [])]);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(architectures.length === 0 ? {} : { architectures }),
    syscalls: (profile.syscalls ?? [])
      .filter((rule) => met(rule.includes) && !excluded(rule.excludes))
      .map(({ names, action, args, errnoRet }) => ({
        names,
        action,
        ...(errnoRet === undefined ? {} : { errnoRet }),
        ...((args ?? []).length === 0 ? {} : { args }),
      })),
  };
}
