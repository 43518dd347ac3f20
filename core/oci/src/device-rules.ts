import type { OciDeviceRule } from './oci-spec.ts';

/** Character devices that every container may use: numbers of the Linux devices list; no minor means any. */
const USUAL: readonly (readonly [major: number, minor: number | undefined])[] = [
  [1, 3], // null
  [1, 5], // zero
  [1, 7], // full
  [1, 8], // random
  [1, 9], // urandom
  [5, 0], // tty
  [5, 1], // console
  [5, 2], // ptmx
  [136, undefined], // pts/*
];

/** Rules of the device cgroup: nothing but the usual ones, or for a privileged container everything. */
export function deviceRules(privileged: boolean): readonly OciDeviceRule[] {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  return [
    { allow: false, access: 'rwm' },
    ...USUAL.map(([major, minor]): OciDeviceRule => ({
      allow: true,
      type: 'c',
      major,
      ...(minor === undefined ? {} : { minor }),
      access: 'rwm',
    })),
  ];
}
