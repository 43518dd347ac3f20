import type { RegistryAuth } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';

/** The credentials of an operation, as secret arguments of a step of it. */
export function withAuth({ streams: { auth } }: Pick<Operation, 'streams'>): { readonly secretArgs?: { readonly auth: RegistryAuth } } {
  return auth === undefined ? {} : { secretArgs: { auth } };
}

/** What errors must not say. */
export function secretsOf(auth: RegistryAuth | undefined): readonly string[] {
  const { password, identityToken, registryToken } = auth ?? {};
  return [password, identityToken, registryToken].filter((secret) => secret !== undefined && secret !== '') as readonly string[];
}
