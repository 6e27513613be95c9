/** Where something listens or is found. */
export interface Address {
  /** Name or IP address, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[::1]:port`; undefined when it is neither. Port 0 asks for a free one. */
export function parseAddress(text: string): Address | undefined {
  const match =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || host.length > 253 || port > 65_535) return undefined;
  return { host, port };
}

/** True for names and addresses that never leave the machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** `host:port`, with the brackets of IPv6. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
