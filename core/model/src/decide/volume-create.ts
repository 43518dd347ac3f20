import { ShiplogError } from '@shiplog/contracts';
import { isBeingRemoved } from '../projections/is-being-removed.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** Without a name it is anonymous and named `givens.ids[0]`. Repeating it with the same driver is effectless and answers what exists. */
export const decideVolumeCreate: Decider<'volume.create'> = (view, { args, givens }) => {
  const { options, labels, sealed } = args;
  const anonymous = args.name === undefined || args.name === '';
  const name = args.name === undefined || args.name === '' ? takeId(givens, 0) : args.name;
  const driver = args.driver === '' ? 'local' : args.driver;
  checkVolumeName(name);
  if (isBeingRemoved(view, `volume/${name}`)) {
    throw new ShiplogError('VOLUME_IN_USE', `volume ${name} is being removed, try again when it is done`, { volume: name });
  }
  const existing = view.volumes.get(name);
  if (existing === undefined) {
    const mountpoint = `${givens.defaults.volumeRoot}/${name}/_data`;
    return {
      decided: { name, driver, options, labels, anonymous, mountpoint, ...(sealed === undefined ? {} : { sealed }) },
      expected: 'any',
      tags: [`volume:${name}`],
    };
  }
  if (existing.driver !== driver) {
    throw new ShiplogError(
      'VOLUME_EXISTS',
      `a volume named ${name} already exists with the ${existing.driver} driver; choose another name`,
      {
        volume: name,
        driver: existing.driver,
      },
    );
  }
  const { createdAt: _, ...decided } = existing;
  return { decided, expected: 'any', effectless: true };
};

function checkVolumeName(name: string): void {
  if (name.length === 1) {
    throw new ShiplogError('NAME_INVALID', 'volume name is too short, names should be at least two alphanumeric characters', { name });
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) {
    throw new ShiplogError(
      'NAME_INVALID',
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      { name },
    );
  }
}
