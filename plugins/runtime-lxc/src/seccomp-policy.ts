import { ShiplogError } from '@shiplog/contracts';

/** OCI's linux.seccomp (runtime-spec, config-linux.md), in part. */
interface Seccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls?: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly { readonly index: number; readonly value: number; readonly valueTwo?: number; readonly op: string }[];
  }[];
}

/** EPERM: what OCI's runtimes answer where a profile names no other. */
const EPERM = 1;

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['SCMP_ACT_ALLOW', 'allow'],
  ['SCMP_ACT_TRAP', 'trap'],
  ['SCMP_ACT_KILL', 'kill'],
  ['SCMP_ACT_KILL_THREAD', 'kill'],
  ['SCMP_ACT_KILL_PROCESS', 'kill'],
]);

/**
 * A seccomp profile as LXC's policy, version 2 (lxc.container.conf(5)), for all architectures of this kernel. Throws
 * SPEC_INVALID for an action that LXC lacks.
 */
export function seccompPolicy(profile: object): string {
  const { defaultAction, defaultErrnoRet, syscalls = [] } = profile as Seccomp;
  const rules = syscalls.flatMap(({ names, action, errnoRet, args = [] }) => {
    const conditions = args.map(condition).join('');
    return names.map((name) => `${name} ${actionOf(action, errnoRet)}${conditions}`);
  });
  return ['2', `allowlist ${actionOf(defaultAction, defaultErrnoRet)}`, '[all]', ...rules, ''].join('\n');
}

function actionOf(action: string, errno = EPERM): string {
  if (action === 'SCMP_ACT_ERRNO') return `errno ${errno}`;
  const name = ACTIONS.get(action);
  if (name === undefined) throw new ShiplogError('SPEC_INVALID', `the lxc runtime has no seccomp action ${action}`, { action });
  return name;
}

/** OCI has the mask first, LXC has what is compared with first. */
function condition({ index, value, valueTwo = 0, op }: { index: number; value: number; valueTwo?: number; op: string }): string {
  return op === 'SCMP_CMP_MASKED_EQ' ? ` [${index},${valueTwo},${op},${value}]` : ` [${index},${value},${op}]`;
}
