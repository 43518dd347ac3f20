import type { EventLogReader, Kernel } from '@shiplog/contracts';
import type { InjectionToken } from 'tsyringe';

/** Where a driver keeps things. Both directories exist and are its own. */
export interface DriverHome {
  /** Id of this engine, 12 hex digits: part of every host-visible name, so that engines live side by side. */
  readonly engineId: string;
  /** Survives reboots. */
  readonly stateDir: string;
  /** Gone after a reboot. */
  readonly runDir: string;
}

/** Writes what a person who debugs wants to know. Never secrets. */
export interface Logger {
  debug(message: string, facts?: { readonly [fact: string]: unknown }): void;
  info(message: string, facts?: { readonly [fact: string]: unknown }): void;
  warn(message: string, facts?: { readonly [fact: string]: unknown }): void;
  error(message: string, facts?: { readonly [fact: string]: unknown }): void;
}

/** What a driver sees of the event log: durable events, to read and to follow. An isolated driver's `durableSeq` is that of its last page. */
export type DriverLog = Pick<EventLogReader, 'durableSeq' | 'read' | 'readStream' | 'follow'>;

/** Options the operator gave this driver, by name. */
export type DriverOptions = { readonly [option: string]: string };

/** Everything a driver can have injected. A driver reaches nothing else. */
export interface DriverServices {
  readonly kernel: Kernel;
  readonly home: DriverHome;
  readonly options: DriverOptions;
  readonly logger: Logger;
  readonly log: DriverLog;
}

export const KERNEL: InjectionToken<Kernel> = Symbol.for('shiplog.kernel');
export const HOME: InjectionToken<DriverHome> = Symbol.for('shiplog.home');
export const OPTIONS: InjectionToken<DriverOptions> = Symbol.for('shiplog.options');
export const LOGGER: InjectionToken<Logger> = Symbol.for('shiplog.logger');
export const LOG: InjectionToken<DriverLog> = Symbol.for('shiplog.log');
