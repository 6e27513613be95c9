/** Where something listens or is found. */
export interface Address {
  /** Name or IP address, IPv6 without brackets. */
  readonly host: string;
  /** To listen on, 0 asks for a free one. */
  readonly port: number;
}

const ADDRESS =
  /^(?:\[(?<ip6>[\da-f:.]+)\]|(?<name>[a-z\d](?:[a-z\d.-]*[a-z\d])?)):(?<port>\d{1,5})$/i;

/** Reads `host:port` or `[ipv6]:port`; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const groups = ADDRESS.exec(text)?.groups;
  const host = groups?.['ip6'] ?? groups?.['name'];
  const port = Number(groups?.['port']);
  return host === undefined || host.length > 253 || port > 65_535 ? undefined : { host, port };
}

/** `host:port`, with the brackets of IPv6. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for names and addresses that only this machine can reach; IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || name === '::1') return true;
  const parts = name.split('.');
  return (
    parts.length === 4 &&
    parts[0] === '127' &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
  );
}

/** True when others on the network can read and change what is fetched: plain http to elsewhere. */
export function isOpenToTampering(target: URL): boolean {
  return target.protocol === 'http:' && !isLoopback(target.hostname);
}
