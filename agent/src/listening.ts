import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Address } from '@keyturn/shared/address.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import { ListenError, listenError } from '@keyturn/shared/listen-error.ts';

/** Limits for every server of the agent: it serves a handful of local clients. */
export const SERVER_LIMITS = {
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16_384,
} as const;

const CONNECTIONS_MAX = 1_024;

/**
 * Binds to an address; gives the one it got, for port 0.
 *
 * @throws ListenError when the port is taken or may not be used.
 */
export async function listenAt(
  server: Server,
  address: Address,
  setting: string,
): Promise<Address> {
  server.maxConnections = CONNECTIONS_MAX;
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(address, setting, error);
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { host: address.host, port };
}

/**
 * Binds to a Unix socket with these permission bits. A socket file that nobody answers on is left
 * over from a process that was killed, and is replaced.
 *
 * @throws ListenError when the path is in use or cannot be made.
 */
export async function listenOnSocket(
  server: Server,
  path: string,
  mode: number,
  setting: string,
): Promise<void> {
  server.maxConnections = CONNECTIONS_MAX;
  try {
    await removeLeftOver(path);
    // Made unreachable first, opened up as far as asked after: no moment with wider permissions.
    const before = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(before);
    }
    await once(server, 'listening');
    await chmod(path, mode);
  } catch (error) {
    throw new ListenError(`cannot listen on ${path} (${messageOf(error)}): set ${setting}`, error);
  }
}

/** Stops taking requests, lets those under way finish for a moment, then cuts the rest off. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(cut);
}

async function removeLeftOver(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('there is a file of that name, and it is no socket');
  if (await answers(path)) throw new Error('another process listens there');
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
