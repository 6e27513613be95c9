import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { shown } from '@keyturn/shared/shown.ts';
import { addressClass } from './address-class.ts';

/** Which hosts a receiver may be at. */
export interface Reach {
  /** Networks of one's own and this machine, too. */
  readonly allowPrivate: boolean;
  /** Hosts that may be there although the others may not; lower case, IPv6 without brackets. */
  readonly allowHosts: readonly string[];
}

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** Gives every address of a host name. */
export type Resolve = (host: string) => Promise<readonly HostAddress[]>;

export const resolveHost: Resolve = (host) => systemLookup(host, { all: true });

/** The host of a URL as an address or a name: lower case, IPv6 without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * The addresses to connect to, or a sentence why not. All of a name's addresses have to be allowed:
 * one that is not shows that somebody steers the name. What was checked here is what has to be
 * connected to; looked up again, a name can lead elsewhere.
 */
export async function reachableAddresses(
  url: URL,
  reach: Reach,
  resolve: Resolve,
): Promise<{ readonly addresses: readonly HostAddress[] } | { readonly refusal: string }> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) return { refusal: `${shown(host)} has no address` };
  for (const { address } of addresses) {
    const refusal = addressRefusal(host, address, reach);
    if (refusal !== undefined) return { refusal };
  }
  return { addresses };
}

/** Why a host must not be talked to at one of its addresses; undefined when it may. */
export function addressRefusal(host: string, address: string, reach: Reach): string | undefined {
  const where = host === address ? shown(host) : `${shown(host)} leads to ${shown(address)}, which`;
  switch (addressClass(address)) {
    case 'public':
      return undefined;
    case 'private': {
      const isAllowed = reach.allowPrivate || reach.allowHosts.includes(host);
      const how = 'allow_private: true or allow_hosts would allow it';
      return isAllowed ? undefined : `${where} is in a private network; ${how}`;
    }
    case 'never':
      return `${where} is no address of a receiver (link-local, multicast or reserved)`;
  }
}
