import { type Address, formatAddress } from './address.ts';
import { KeyturnError, messageOf } from './errors.ts';

/** A port or socket that cannot be had; the message names it and the setting. */
export class ListenError extends KeyturnError {
  constructor(message: string, cause: unknown) {
    super('LISTEN_FAILED', message, { cause });
  }
}

/** Why an address cannot be listened on, and what to do; `setting` is the one that names it. */
export function listenError(address: Address, setting: string, cause: unknown): ListenError {
  return new ListenError(sentence(address, setting, cause), cause);
}

function sentence(address: Address, setting: string, cause: unknown): string {
  const where = formatAddress(address);
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return `port ${address.port} is taken: another program listens on ${where}; stop it or set ${setting} to a free port`;
    case 'EACCES':
      return `port ${address.port} needs more rights than this process has; set ${setting} to a port from 1024 up`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address.host} is no address of this machine; set ${setting} to one that is`;
    default:
      return `cannot listen on ${where} (${messageOf(cause)}); set ${setting}`;
  }
}

// grpc-js tells the system's code in its message only.
function codeOf(cause: unknown): unknown {
  const { code } = Object(cause) as { readonly code?: unknown };
  return code ?? /\bE[A-Z]{4,}\b/.exec(messageOf(cause))?.[0];
}
