import { readFile } from 'node:fs/promises';
import type { Authorizer } from '@shiplog/contracts';
import type { DriverServices } from '@shiplog/driver-kit';

/** One line of the policy: whoever it fits may not do what it names. */
interface Rule {
  readonly name: string;
  /** The first characters of the command: `container.`, `volume.remove`. */
  readonly command: string;
  /** Who it is about; absent: everybody. */
  readonly uids?: readonly number[];
  readonly reason: string;
}

const DEFAULTS: readonly Rule[] = [
  { name: 'keep-the-policy', command: 'plugin.disable', reason: 'the policy of this host is not to be taken away' },
];

/** Denies what a rule fits. Rules are a JSON list in the file that the driver's option `policy` names. */
export function createDriver({ options }: DriverServices): Authorizer {
  const rules = async (): Promise<readonly Rule[]> =>
    options['policy'] === undefined ? DEFAULTS : (JSON.parse(await readFile(options['policy'], 'utf8')) as readonly Rule[]);

  return {
    async authorize({ type, actor }) {
      const { uid } = actor as { readonly uid?: number };
      for (const { name, command, uids, reason } of await rules())
        if (type.startsWith(command) && (uids === undefined || (uid !== undefined && uids.includes(uid))))
          return { effect: 'deny', rule: name, reason };
      return { effect: 'allow' };
    },
  };
}
