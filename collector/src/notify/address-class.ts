import { BlockList, isIP } from 'node:net';

/**
 * What an IP address leads to. `private`: this machine or a network of one's own, which a receiver may
 * be in when the operator says so. `never`: what no receiver is at: link-local addresses, where clouds
 * keep their metadata services and the credentials in them, groups, and addresses with no meaning.
 */
export type AddressClass = 'public' | 'private' | 'never';

type Range = readonly [network: string, prefix: number];

// IANA special-purpose registries for IPv4 (RFC 6890 and later) and IPv6.
const PRIVATE_4: readonly Range[] = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // Shared by a provider's customers, and by some overlay networks.
  ['100.64.0.0', 10],
];

const NEVER_4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Metadata services outside the link-local range: Alibaba Cloud, Oracle Cloud, Azure.
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
];

const PRIVATE_6: readonly Range[] = [
  ['::1', 128],
  ['fc00::', 7],
  ['fec0::', 10],
];

const NEVER_6: readonly Range[] = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['64:ff9b:1::', 48],
  // The metadata service of AWS over IPv6.
  ['fd00:ec2::254', 128],
];

const PRIVATE = blockList(PRIVATE_4, PRIVATE_6);
const NEVER = blockList(NEVER_4, NEVER_6);

/** @param address an IP address as text; anything else is `never`. */
export function addressClass(address: string): AddressClass {
  switch (isIP(address)) {
    case 4:
      return classOf(address, 'ipv4');
    case 6: {
      const inner = embedded4(groupsOf(address));
      return inner === undefined ? classOf(address, 'ipv6') : classOf(inner, 'ipv4');
    }
    default:
      return 'never';
  }
}

function classOf(address: string, family: 'ipv4' | 'ipv6'): AddressClass {
  if (NEVER.check(address, family)) return 'never';
  return PRIVATE.check(address, family) ? 'private' : 'public';
}

/** The IPv4 address that packets to this IPv6 address may end at. */
function embedded4(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const start = [a, b, c, d];
  if (start.every((group) => group === 0)) {
    const isMapped = e === 0 && f === 0xffff;
    const isTranslated = e === 0xffff && f === 0;
    // The two of IPv6's own in this range, :: and ::1, are in the tables.
    const isCompatible = e === 0 && f === 0 && g !== 0;
    if (isMapped || isTranslated || isCompatible) return dotted(g, h);
  }
  // NAT64 (RFC 6052) and 6to4 (RFC 3056).
  if (a === 0x64 && b === 0xff9b && [c, d, e, f].every((group) => group === 0)) return dotted(g, h);
  return a === 0x2002 ? dotted(b, c) : undefined;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address, in whatever notation it comes. */
function groupsOf(address: string): readonly number[] {
  // A zone says which interface, nothing of the address.
  const [bare = ''] = address.split('%');
  const { hostname } = new URL(`http://[${bare}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const left = hexGroups(head);
  if (tail === undefined) return left;
  const right = hexGroups(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return [...left, ...zeros, ...right];
}

function hexGroups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function blockList(ranges4: readonly Range[], ranges6: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges4) list.addSubnet(network, prefix, 'ipv4');
  for (const [network, prefix] of ranges6) list.addSubnet(network, prefix, 'ipv6');
  return list;
}
