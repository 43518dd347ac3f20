import { isIPv4 } from 'node:net';
import type { CommandArgs } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { invalid, refuseFields, unsupported } from './refusals.ts';

/** A body of `POST /networks/create` as a command. Throws SPEC_INVALID and NOT_SUPPORTED. */
export function networkSpec(body: Fields): CommandArgs['network.create'] {
  const name = body.string('Name');
  if (name.trim() === '') throw invalid('invalid network name: name is empty');
  refuseFields(body, ['Ingress', 'ConfigOnly', 'EnableIPv6']);
  refuseFields(body.object('ConfigFrom'), ['Network']);
  if (body.maybeBoolean('EnableIPv4') === false) throw unsupported('EnableIPv4: false');
  if (!['', 'local'].includes(body.string('Scope'))) throw unsupported(`Scope ${body.string('Scope')}`, 'only local networks exist here');
  const ipam = body.object('IPAM');
  refuseFields(ipam, ['Options']);
  if (!['', 'default'].includes(ipam.string('Driver'))) throw unsupported('IPAM.Driver', 'use the default driver');
  const configs = ipam.objects('Config');
  if (configs.length > 1) throw unsupported('more than one IPAM.Config', 'give one IPv4 subnet');
  const subnet = configs[0]?.string('Subnet') ?? '';
  const gateway = configs[0]?.string('Gateway') ?? '';
  for (const config of configs) refuseFields(config, ['IPRange', 'AuxiliaryAddresses']);
  if (subnet !== '' && !/^\d+\.\d+\.\d+\.\d+\/\d{1,2}$/.test(subnet))
    throw invalid(`invalid subnet ${subnet}: give an IPv4 network such as 172.30.0.0/16`);
  if (gateway !== '' && !isIPv4(gateway)) throw invalid(`invalid gateway address ${gateway}`);
  return {
    name,
    driver: body.string('Driver') || 'bridge',
    internal: body.boolean('Internal'),
    options: body.map('Options'),
    labels: body.map('Labels'),
    ...(subnet === '' ? {} : { subnet }),
    ...(gateway === '' ? {} : { gateway }),
  };
}
