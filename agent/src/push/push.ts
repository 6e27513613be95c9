import { createServer, type Server } from 'node:http';
import { formatAddress } from '@keyturn/shared/address.ts';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { Teardown } from '@keyturn/shared/teardown.ts';
import type { AgentConfig } from '../config.ts';
import { sendProblem } from '../http-guard.ts';
import type { Reporter } from '../ledger/ledger.ts';
import { closeServer, listenAt, listenOnSocket, SERVER_LIMITS } from '../listening.ts';
import type { SidecarEvents } from '../sidecar-events.ts';
import { handlePushRequest, type PushHandlerOptions } from './handler.ts';
import { PushedVerifiers } from './pushed-verifiers.ts';

const CLOSE_GRACE_MS = 1_000;

export interface PushOptions {
  readonly config: AgentConfig;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly events: SidecarEvents;
}

/** The push API, running. */
export interface Push {
  /** `http://127.0.0.1:7463`. */
  readonly origin: string;
  /** Path of the Unix socket, where configured. */
  readonly socket: string | null;
}

/**
 * Starts the push API on its address and, where configured, its Unix socket. What it made goes to
 * `teardown` at once, so that a failed start leaves nothing behind.
 *
 * @throws ListenError when the port or the socket cannot be had.
 */
export async function startPush(options: PushOptions, teardown: Teardown): Promise<Push> {
  const { config, events } = options;
  const { listen, socket, socketMode, leaseMs } = config.push;
  const verifiers = new PushedVerifiers(options);
  teardown.add('pushed verifiers', () => {
    verifiers[Symbol.dispose]();
  });
  const onAddress = serverOf({ verifiers, leaseMs, hosts: new Set() }, events, teardown);
  const bound = await listenAt(onAddress, listen, 'push.listen');
  const origin = `http://${formatAddress(bound)}`;
  events.pushListening(origin);
  if (socket !== null) {
    const onSocket = serverOf({ verifiers, leaseMs, hosts: null }, events, teardown);
    await listenOnSocket(onSocket, socket, socketMode, 'push.socket');
    events.pushListening(socket);
  }
  return { origin, socket };
}

function serverOf(handler: PushHandlerOptions, events: SidecarEvents, teardown: Teardown): Server {
  const server = createServer(SERVER_LIMITS, (request, response) => {
    handlePushRequest(handler, request, response).catch((error: unknown) => {
      // A client that hangs up in the middle of its body is no fault of the agent.
      if (!request.complete) return response.destroy();
      events.fault('push.request', error);
      if (response.headersSent) return response.destroy();
      return sendProblem(response, 500, 'the agent failed');
    });
  });
  teardown.add('push API', () => closeServer(server, CLOSE_GRACE_MS));
  return server;
}
