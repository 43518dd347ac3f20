/** What a name server knows for one container. It asks anew for every question: networks and neighbours come and go. */
export interface NameSource {
  /**
   * IPv4 addresses of the containers that go by `name` on the networks of the one that asks; undefined where none does.
   * `name` is in lower case, without a dot at its end.
   */
  addressesOf(name: string): readonly string[] | undefined;
  /** The name of the container that has an address on one of these networks. */
  nameOf(address: string): string | undefined;
  /** Addresses of the name servers that know all other names, in the order to ask them. None: a container that must not reach beyond its networks. */
  upstream(): Promise<readonly string[]>;
}

/** Where programs in a container find it, at port 53: images and their configurations expect it there, as Docker has it. */
export const NAME_SERVER_ADDRESS = '127.0.0.11';

/**
 * Answers containers' questions for names (RFC 1035), inside of their network namespaces. Driver kind `name-server`.
 *
 * It keeps nothing: with the engine's process all of it is gone, and the engine asks for it again when it starts.
 */
export interface NameServer {
  /**
   * Serves the namespace at `sandbox`, until {@link end}. Whoever is served already is served by the new source from now on. Throws
   * KERNEL_CALL_FAILED; nothing stays then.
   */
  serve(container: string, sandbox: string, source: NameSource): Promise<void>;
  /** Serves it no more; a namespace lives as long as a socket in it. Succeeds when it is not served. */
  end(container: string): Promise<void>;
}
