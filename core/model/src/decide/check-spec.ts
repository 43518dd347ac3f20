import { type ContainerSpec, type MountSpec, type PortBinding, ShiplogError } from '@shiplog/contracts';
import { parseIpv4 } from '../network/ipv4.ts';
import { parsePort } from '../network/ports.ts';
import { signalNumber } from '../signals.ts';
import { checkResources } from './check-resources.ts';

/** Refuses SPEC_INVALID (SIGNAL_INVALID for the stop signal) for a spec that contradicts itself or names something impossible. */
export function checkSpec(spec: ContainerSpec): void {
  checkNames(spec);
  checkLife(spec);
  checkMounts(spec.mounts);
  checkPorts(spec);
  checkModes(spec);
  checkResources(spec.resources);
  checkRest(spec);
}

function checkNames(spec: ContainerSpec): void {
  const { hostname, workingDir } = spec;
  if (hostname !== undefined && hostname !== '') {
    if (hostname.length > 63) refuse(`invalid hostname ${hostname}: it has ${hostname.length} characters, at most 63 are allowed`);
    if (!/^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$/.test(hostname)) refuse(`invalid hostname ${hostname}: use letters, digits, - and .`);
  }
  if (workingDir !== '' && !workingDir.startsWith('/')) {
    refuse(`the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  }
}

function checkLife(spec: ContainerSpec): void {
  const { restart, autoRemove, stopSignal, stopTimeout } = spec;
  if (!['no', 'always', 'on-failure', 'unless-stopped'].includes(restart.policy)) {
    refuse(`invalid restart policy: unknown policy '${restart.policy}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  }
  if (restart.maxRetries < 0) refuse('invalid restart policy: maximum retry count cannot be negative');
  if (restart.maxRetries > 0 && restart.policy !== 'on-failure') {
    refuse("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (autoRemove && restart.policy !== 'no') {
    refuse(`Conflicting options: automatic removal and restart policy '${restart.policy}' cannot be used together`);
  }
  checkHealth(spec.healthcheck);
  if (stopSignal !== undefined && stopSignal !== '') signalNumber(stopSignal);
  if (stopTimeout !== undefined && (!Number.isInteger(stopTimeout) || stopTimeout < -1)) {
    refuse(`invalid stop timeout ${stopTimeout}: give whole seconds, or -1 to wait for ever`);
  }
}

/** Of Docker's: times are absent, or a millisecond at least. */
function checkHealth(healthcheck: ContainerSpec['healthcheck']): void {
  if (healthcheck === undefined) return;
  const { test = [], retries = 0, startPeriod = 0, ...times } = healthcheck;
  if (test.length > 0 && !['NONE', 'CMD', 'CMD-SHELL'].includes(test[0] ?? '')) refuse(`unknown health check type: ${test[0]}`);
  if (['CMD', 'CMD-SHELL'].includes(test[0] ?? '') && test.length < 2) refuse('the health check has no command');
  for (const [name, ns] of Object.entries({
    startPeriod,
    interval: times.interval,
    timeout: times.timeout,
    startInterval: times.startInterval,
  })) {
    if (ns !== undefined && ns !== 0 && !(ns >= 1_000_000)) refuse(`the health check's ${name} cannot be less than 1ms`);
  }
  if (!Number.isInteger(retries) || retries < 0) refuse("the health check's retries cannot be negative");
}

function checkMounts(mounts: readonly MountSpec[]): void {
  const targets = new Set<string>();
  for (const mount of mounts) {
    requireClean('mount path', mount.target);
    if (mount.target === '/') refuse(`invalid mount: destination can't be '/'`);
    if (targets.has(mount.target)) refuse(`Duplicate mount point: ${mount.target}`);
    targets.add(mount.target);
    if (mount.type === 'bind') requireClean('bind source path', mount.source);
    if (mount.type === 'volume' && mount.source !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(mount.source)) {
      refuse(
        `"${mount.source}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      );
    }
    if (mount.type === 'tmpfs' && mount.sizeBytes !== undefined && mount.sizeBytes < 0) refuse(`invalid tmpfs size ${mount.sizeBytes}`);
  }
}

function requireClean(what: string, path: string): void {
  if (!path.startsWith('/')) refuse(`invalid ${what}: '${path}' must be absolute`);
  if (path.includes('\0') || path.split('/').some((part) => part === '.' || part === '..'))
    refuse(`invalid ${what}: '${path}' must be clean`);
}

function checkPorts(spec: ContainerSpec): void {
  for (const { protocol, containerPort, hostPort, hostIp } of spec.ports) {
    if (!['tcp', 'udp', 'sctp'].includes(protocol)) refuse(`invalid protocol ${protocol}: use tcp, udp or sctp`);
    if (!isPort(containerPort, 1)) refuse(`invalid container port ${containerPort}: ports go from 1 to 65535`);
    if (!isPort(hostPort, 0)) refuse(`invalid host port ${hostPort}: ports go from 0 to 65535`);
    if (hostIp !== '' && parseIpv4(hostIp) === undefined && !isIpv6(hostIp)) refuse(`invalid IP address: ${hostIp}`);
  }
  for (const port of spec.exposedPorts) if (parsePort(port) === undefined) refuse(`invalid exposed port: ${port}`);
}

function isPort(port: PortBinding['hostPort'], from: number): boolean {
  return Number.isInteger(port) && port >= from && port <= 65_535;
}

/** Enough to tell an address from a typing error; the kernel has the last word. */
function isIpv6(text: string): boolean {
  return /^[0-9a-fA-F:]{2,39}$/.test(text) && text.includes(':') && text.split('::').length <= 2;
}

function checkModes(spec: ContainerSpec): void {
  const { networkMode, utsMode, hostname, ports, publishAllPorts, exposedPorts, dns, extraHosts } = spec;
  if (utsMode === 'host' && hostname !== undefined && hostname !== '') refuse('Conflicting options: hostname and the UTS mode');
  if (networkMode.startsWith('container:')) {
    if (hostname !== undefined && hostname !== '') refuse('Conflicting options: hostname and the network mode');
    if (ports.length > 0 || publishAllPorts) refuse('Conflicting options: port publishing and the container type network mode');
    if (exposedPorts.length > 0) refuse('Conflicting options: port exposing and the container type network mode');
    if (dns.length > 0) refuse('Conflicting options: dns and the network mode');
    if (extraHosts.length > 0) refuse('Conflicting options: custom host-to-IP mapping and the network mode');
  }
  const others = Object.keys(spec.endpoints).filter((network) => network !== networkMode);
  if (others.length > 0 && (networkMode === 'host' || networkMode === 'none' || networkMode.startsWith('container:'))) {
    refuse(`Conflicting options: network mode ${networkMode} cannot be combined with networks (${others.join(', ')})`);
  }
}

function checkRest(spec: ContainerSpec): void {
  if (spec.shmSizeBytes < 0) refuse('SHM size can not be less than 0');
  if (spec.oomScoreAdj !== undefined && (spec.oomScoreAdj < -1000 || spec.oomScoreAdj > 1000)) {
    refuse(`Invalid value ${spec.oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  for (const { name, soft, hard } of spec.ulimits) {
    if (hard !== -1 && (soft === -1 || soft > hard)) {
      refuse(`invalid ulimit ${name}: soft limit ${soft} must be less than or equal to hard limit ${hard}`);
    }
  }
  for (const { hostPath, containerPath, permissions } of spec.devices) {
    if (!hostPath.startsWith('/') || !containerPath.startsWith('/'))
      refuse(`invalid device ${hostPath}:${containerPath}: give absolute paths`);
    if (!/^[rwm]{1,3}$/.test(permissions)) refuse(`invalid device permissions ${permissions}: use any of r, w and m`);
  }
  for (const host of spec.extraHosts) if (!/^[^:]+:.+$/.test(host)) refuse(`invalid extra host: ${host}, expected name:address`);
}

function refuse(message: string): never {
  throw new ShiplogError('SPEC_INVALID', message);
}
