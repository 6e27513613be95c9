import type { handleServerStreamingCall, Server } from '@grpc/grpc-js';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { gateFromWire, verdictToWire } from '@keyturn/shared/wire/codec.ts';
import {
  type ReadinessServiceServer,
  ReadinessServiceService,
  type WatchGateRequest,
  type WatchGateResponse,
} from '@keyturn/shared/wire/services.ts';
import type { Engine } from '../engine-port.ts';
import { ApiError } from './api-error.ts';
import { type ChangeListeners, changeListeners } from './change-listeners.ts';
import { grpcError } from './grpc-errors.ts';
import { verdictNow } from './views/gate.ts';

const WATCHERS_MAX = 256;

/** What rotation tooling asks over gRPC. Reading needs no token. */
export function readinessService(
  engine: Engine,
  limits: { readonly watchersMax?: number } = {},
): ReadinessServiceServer {
  const watchers = changeListeners(engine, limits.watchersMax ?? WATCHERS_MAX);
  return {
    checkGate(call, callback) {
      try {
        const verdict = verdictNow(engine, call.request.rotationId, readGate(call.request.gate));
        callback(null, { verdict: verdictToWire(verdict) });
      } catch (error) {
        callback(grpcError(error));
      }
    },
    watchGate(call) {
      try {
        watch(engine, watchers, call);
      } catch (error) {
        // grpc-js turns this event into the call's status.
        call.emit('error', grpcError(error));
      }
    },
  };
}

/** Adds the readiness service to a server. */
export function registerReadiness(server: Server, engine: Engine): void {
  server.addService(ReadinessServiceService, { ...readinessService(engine) });
}

/** Sends the verdict now and after each change, until the reader goes or the rotation has ended. */
function watch(
  engine: Engine,
  watchers: ChangeListeners,
  call: Parameters<handleServerStreamingCall<WatchGateRequest, WatchGateResponse>>[0],
): void {
  const { rotationId } = call.request;
  const gate = readGate(call.request.gate);
  let sentRevision: number | undefined;
  let full = false;
  const send = (): void => {
    // A slow reader gets the latest verdict when it has caught up, not every one between.
    if (full || call.cancelled) return;
    const verdict = verdictNow(engine, rotationId, gate);
    if (verdict.revision === sentRevision) return;
    sentRevision = verdict.revision;
    full = !call.write({ verdict: verdictToWire(verdict) });
    if (engine.state().rotations.get(rotationId)?.endedAtMs !== null) finish();
  };
  const remove = watchers.add(rotationId, send);
  if (remove === undefined) throw new ApiError('BUSY', 'Too many are watching gates.');
  function finish(): void {
    remove?.();
    call.end();
  }
  call.on('cancelled', () => remove());
  call.on('close', () => remove());
  call.on('drain', () => {
    full = false;
    send();
  });
  try {
    send();
  } catch (error) {
    remove();
    throw error;
  }
}

function readGate(value: unknown): Gate {
  const gate = gateFromWire(value);
  if (!gate.ok) throw new ApiError('INVALID', gate.message, gate.field);
  return gate.value;
}
