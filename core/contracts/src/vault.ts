/** Where a secret is kept, and a keyed hash (HMAC-SHA256 with a key of this engine, hex) to tell whether two are equal. */
export interface SecretRef {
  readonly id: string;
  readonly hmac: string;
}

/** Keeps secrets apart from the log. Driver kind `vault`. */
export interface Vault {
  /** Stores `value` under `id`, durably, before it resolves. Repeating it with the same id overwrites. */
  put(id: string, value: string): Promise<SecretRef>;
  /** With a hash, only the value it was given for. Throws SECRET_NOT_FOUND. */
  get(ref: Pick<SecretRef, 'id'> & Partial<SecretRef>): Promise<string>;
  /** The keyed hash that {@link SecretRef} has, of a value that is not stored by itself. */
  mac(value: string): Promise<string>;
  /** Succeeds when there is nothing to remove. */
  remove(id: string): Promise<void>;
  /** Ids of all secrets held. */
  observe(): Promise<readonly string[]>;
}
