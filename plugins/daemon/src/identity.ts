import { isIPv6, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Actor, Kernel } from '@shiplog/contracts';

/** What node keeps the descriptor of a socket in; not in its types. */
interface DescriptorHolder {
  readonly _handle?: { readonly fd?: number };
}

/** Who is at the other end of a unix socket, as the kernel says. Throws when the socket is closed already. */
export async function unixPeer(kernel: Kernel, socket: Socket & DescriptorHolder): Promise<Actor> {
  const { pid, uid, gid } = kernel.processes.peerCredentials(socket._handle?.fd ?? -1);
  return { scheme: 'unix', uid, gid, pid, ...(await kernel.processes.origin(pid)) };
}

/** Whose certificate it is: one that the handshake has verified against the certificate authority. */
export function tlsPeer(socket: TLSSocket): Actor {
  const certificate = socket.getPeerCertificate();
  const names = alternativeNames(certificate);
  return {
    scheme: 'tls',
    subject: distinguishedName(certificate),
    ...(names.length === 0 ? {} : { names }),
    fingerprint: certificate.fingerprint256,
    address: addressOf(socket),
  };
}

/** An address, which anybody can have. */
export function tcpPeer(socket: Socket): Actor {
  return { scheme: 'tcp', address: addressOf(socket) };
}

function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return isIPv6(remoteAddress) ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** `CN=alice,O=example`: attributes in the certificate's order, the special characters of RFC 4514 escaped. */
function distinguishedName({ subject }: PeerCertificate): string {
  return Object.entries(subject)
    .flatMap(([type, value]) => [value].flat().map((one) => `${type}=${String(one).replaceAll(/[\\,+"<>;=]/g, String.raw`\$&`)}`))
    .join(',');
}

/** Node joins them with `, ` and quotes one that holds a comma, so that none can pass for two. */
function alternativeNames({ subjectaltname }: PeerCertificate): readonly string[] {
  return subjectaltname?.match(/[^\s,:]+:(?:"(?:[^"\\]|\\.)*"|[^,]*)/g) ?? [];
}
