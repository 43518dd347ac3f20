import type { ContainerSpec } from '@shiplog/contracts';
import { ALL_CAPABILITIES } from '@shiplog/oci';
import type { Fields } from '../http/fields.ts';
import { invalid, unsupported } from './refusals.ts';

/** What HostConfig.SecurityOpt asks for. */
export function securityOf(options: readonly string[]): Pick<ContainerSpec, 'noNewPrivileges' | 'seccomp'> {
  let noNewPrivileges = false;
  let seccomp = 'default';
  for (const option of options) {
    const [, name = '', value = ''] = /^([a-z-]+)(?:[=:](.*))?$/s.exec(option) ?? [];
    if (name === 'no-new-privileges') noNewPrivileges = flag(option, value);
    else if (name === 'seccomp') seccomp = profile(value);
    else if (name === 'apparmor' || name === 'label') refuseConfinement(name, value);
    else throw invalid(`invalid --security-opt: "${option}"`);
  }
  return { noNewPrivileges, seccomp };
}

/** Capability names as the kernel knows them, `CAP_` first; `ALL` stays. Throws SPEC_INVALID. */
export function capabilities(hostConfig: Fields, field: 'CapAdd' | 'CapDrop'): readonly string[] {
  return (hostConfig.words(field) ?? []).map((name) => {
    const upper = name.trim().toUpperCase();
    const full = upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (full !== 'ALL' && !ALL_CAPABILITIES.includes(full)) throw invalid(`invalid ${field}: unknown capability: "${full}"`);
    return full;
  });
}

function flag(option: string, value: string): boolean {
  if (value === '' || value === 'true') return true;
  if (value === 'false') return false;
  throw invalid(`invalid --security-opt: "${option}"`);
}

function profile(value: string): string {
  if (value === 'unconfined') return value;
  if (value === 'builtin' || value === 'default') return 'default';
  try {
    JSON.parse(value);
  } catch (error) {
    throw invalid(`invalid seccomp profile: ${error instanceof Error ? error.message : String(error)}`);
  }
  return value;
}

/** Where there is no AppArmor or SELinux, being unconfined is how it is; a profile would be a promise not kept. */
function refuseConfinement(name: string, value: string): void {
  const harmless = name === 'apparmor' ? ['unconfined', 'docker-default'] : ['disable'];
  if (!harmless.includes(value)) throw unsupported(`SecurityOpt ${name}=${value}`, `use ${name}=${harmless[0]}`);
}
