import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type Actor, type PersonalScheme, ShiplogError } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';

/** An actor that says something of a person. */
type PersonalActor = Extract<Actor, { readonly scheme: PersonalScheme }>;
type SealedActor = Extract<Actor, { readonly scheme: 'sealed' }>;

/** One person's key, and what it has opened: a connection's callers are sealed once and read often. */
interface SubjectKey {
  /** 16 hex digits: the pseudonym in the log. */
  readonly id: string;
  readonly key: Buffer;
  readonly opened: Map<string, Actor>;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OPENED_LIMIT = 10_000;

/** What the vault calls the key of a subject. */
const PREFIX = 'subject:';

/** Whether a secret in the vault is a subject's key, which no container holds. */
export function isSubjectKey(secret: string): boolean {
  return secret.startsWith(PREFIX);
}

/**
 * Who a caller is for the purpose of erasure: `uid:1000` (who logged in, before who asks: sudo(8) makes no other person),
 * `tls:CN=alice` or `tcp:10.0.0.7`.
 */
export function subjectOf(actor: PersonalActor): string {
  switch (actor.scheme) {
    case 'unix':
      return `uid:${actor.loginuid ?? actor.uid}`;
    case 'tls':
      return `tls:${actor.subject}`;
    case 'tcp':
      return `tcp:${actor.address.replace(/:\d+$/, '')}`;
  }
}

/**
 * Seals what the log says of callers, each person with a key of their own (AES-256-GCM), before it is hashed. Destroying
 * the key erases the person from the log, whose bytes and proofs stay as they are.
 */
export class Subjects {
  /** By name. A promise, so that two connections of a new subject share one key. */
  readonly #byName = new Map<string, Promise<SubjectKey>>();
  readonly #byId = new Map<string, SubjectKey>();
  /** One connection has one actor: sealed once, and all its events have the same bytes. */
  readonly #sealed = new WeakMap<Actor, SealedActor>();
  #loaded: Promise<void> | undefined;

  constructor(private readonly parts: EngineParts) {}

  /** Makes an actor ready for {@link sealed}. A new subject's key is durable when this resolves. */
  async ready(actor: Actor): Promise<void> {
    if (!isPersonal(actor)) return;
    const known = this.#sealed.get(actor);
    if (known !== undefined && this.#byId.has(known.subject)) return;
    const name = subjectOf(actor);
    await this.load();
    let key = this.#byName.get(name);
    if (key === undefined) {
      key = this.#create(name);
      this.#byName.set(name, key);
      key.catch(() => this.#byName.delete(name));
    }
    this.#sealed.set(actor, this.#seal(actor, await key));
  }

  /** The actor as the log keeps it. Actors that say nothing of a person, and those that are sealed already, stay as they are. */
  sealed(actor: Actor): Actor {
    if (!isPersonal(actor)) return actor;
    const sealed = this.#sealed.get(actor);
    if (sealed === undefined) throw new ShiplogError('INTERNAL', 'a caller came to the log before it was sealed', { scheme: actor.scheme });
    return sealed;
  }

  /** The actor behind a sealed one; `erased` where the key is gone. Others stay as they are. After {@link load}. */
  opened(actor: Actor): Actor {
    if (actor.scheme !== 'sealed') return actor;
    const key = this.#byId.get(actor.subject);
    if (key === undefined) return { scheme: 'erased', was: actor.was, subject: actor.subject };
    let opened = key.opened.get(actor.box);
    if (opened === undefined) {
      opened = open(actor, key);
      if (key.opened.size >= OPENED_LIMIT) key.opened.clear();
      key.opened.set(actor.box, opened);
    }
    return opened;
  }

  /** The pseudonym of a subject by its name or pseudonym. Throws SUBJECT_NOT_FOUND. */
  async find(subject: string): Promise<string> {
    await this.load();
    const id = this.#byId.has(subject) ? subject : (await this.#byName.get(subject))?.id;
    if (id !== undefined) return id;
    throw new ShiplogError('SUBJECT_NOT_FOUND', `the log has no such subject, or it was erased: ${subject}`);
  }

  /** Destroys a subject's key, durably. Succeeds when it is gone already. The same person gets another key with the next request. */
  async erase(id: string): Promise<void> {
    await this.load();
    await this.#vault().remove(PREFIX + id);
    this.#byId.delete(id);
    for (const [name, key] of this.#byName) if ((await key).id === id) this.#byName.delete(name);
  }

  /** Reads all keys; once. */
  load(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  async #read(): Promise<void> {
    const vault = this.#vault();
    for (const secret of await vault.observe()) {
      if (!isSubjectKey(secret)) continue;
      const { name, key } = JSON.parse(await vault.get({ id: secret })) as { readonly name: string; readonly key: string };
      this.#keep(name, { id: secret.slice(PREFIX.length), key: Buffer.from(key, 'hex'), opened: new Map() });
    }
  }

  async #create(name: string): Promise<SubjectKey> {
    const { identities } = this.parts;
    const key = identities.hex();
    const made = { id: identities.hex().slice(-16), key: Buffer.from(key, 'hex'), opened: new Map() };
    await this.#vault().put(PREFIX + made.id, JSON.stringify({ name, key }));
    this.#keep(name, made);
    return made;
  }

  #keep(name: string, key: SubjectKey): void {
    this.#byName.set(name, Promise.resolve(key));
    this.#byId.set(key.id, key);
  }

  #seal(actor: PersonalActor, { id, key }: SubjectKey): SealedActor {
    const { scheme, ...details } = actor;
    const nonce = Buffer.from(this.parts.identities.hex(), 'hex').subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(`${scheme} ${id}`));
    const text = Buffer.concat([cipher.update(JSON.stringify(details), 'utf8'), cipher.final()]);
    return { scheme: 'sealed', was: scheme, subject: id, box: Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64') };
  }

  #vault() {
    return this.parts.drivers.get('vault', this.parts.chosen.vault);
  }
}

function isPersonal(actor: Actor): actor is PersonalActor {
  return actor.scheme === 'unix' || actor.scheme === 'tls' || actor.scheme === 'tcp';
}

function open({ was, subject, box }: SealedActor, { key }: SubjectKey): Actor {
  const bytes = Buffer.from(box, 'base64');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(`${was} ${subject}`))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  return { scheme: was, ...(JSON.parse(text) as object) } as Actor;
}
