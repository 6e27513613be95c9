import type { handleUnaryCall } from '@grpc/grpc-js';
import { plainText } from '@keyturn/shared/shown.ts';
import { checkToWire } from '@keyturn/shared/wire/codec.ts';
import type {
  BlastRadiusMessage,
  ContainmentMessage,
  RotationServiceServer,
} from '@keyturn/shared/wire/services.ts';
import type { BlastRadius } from '../core/blast-radius.ts';
import type { Containment } from '../core/containment.ts';
import type { RotationRecord } from '../core/records.ts';
import type { Engine } from '../engine-port.ts';
import { noSuchRotation } from './api-error.ts';
import { oneAtATime } from './one-at-a-time.ts';

const SENTENCE_BYTES = 4_096;

const WAITING_MAX = 32;

type Answering = <Request, Response>(
  handle: (request: Request) => Promise<Response>,
) => handleUnaryCall<Request, Response>;

/** What a gRPC caller looks at before it confirms a taint, and follows after it. Reads, both. */
export function emergencyCalls(
  engine: Engine,
  answering: Answering,
): Pick<RotationServiceServer, 'getBlastRadius' | 'getContainment'> {
  // Both look at every verifier, and need no token.
  const heavy = oneAtATime(WAITING_MAX);
  return {
    getBlastRadius: answering(async ({ rotationId }) => {
      const rotation = engine.state().rotations.get(rotationId);
      const radius = await heavy.run(async () => engine.blastRadius(rotationId));
      if (rotation === undefined || radius === undefined) throw noSuchRotation();
      return { blastRadius: blastRadiusMessage(rotation, radius) };
    }),
    getContainment: answering(async ({ rotationId }) => {
      const rotation = engine.state().rotations.get(rotationId);
      const found = await heavy.run(async () => engine.containment(rotationId));
      if (rotation === undefined || found === undefined) throw noSuchRotation();
      return { containment: containmentMessage(rotation, found) };
    }),
  };
}

function blastRadiusMessage(rotation: RotationRecord, radius: BlastRadius): BlastRadiusMessage {
  return {
    rotationId: rotation.id,
    oldKid: rotation.oldKid,
    newKid: rotation.newKid,
    tainted: rotation.tainted,
    asOfUnixMs: Math.trunc(radius.asOfMs),
    countedSinceUnixMs: Math.trunc(radius.countedSinceMs),
    summary: plainText(radius.summary, SENTENCE_BYTES),
    keys: radius.keys.map((use) => ({
      kid: use.kid ?? undefined,
      role: use.role,
      accepted: use.accepted,
      busiestMinute: use.busiestMinute,
      verifiers: use.verifiers,
      lastAcceptedAtUnixMs: whole(use.lastAcceptedAtMs),
      latestExpAtUnixMs: whole(use.latestExpMs),
    })),
    uncountedVerifiers: radius.uncounted,
    services: radius.services.map((reach) => ({
      service: reach.service,
      required: reach.required,
      profile: reach.profile,
      verifiers: reach.verifiers,
      holding: reach.holding,
      dropped: reach.dropped,
      dropBoundMs: whole(reach.dropBoundMs),
      mayAcceptUntilUnixMs: whole(reach.mayAcceptUntilMs),
      dropNow: plainText(reach.dropNow, SENTENCE_BYTES),
    })),
  };
}

function containmentMessage(rotation: RotationRecord, found: Containment): ContainmentMessage {
  return {
    rotationId: rotation.id,
    oldKid: rotation.oldKid,
    asOfUnixMs: Math.trunc(found.asOfMs),
    withdrawnAtUnixMs: whole(found.withdrawnAtMs),
    percent: found.percent,
    status: found.status,
    total: found.total,
    contained: found.contained,
    services: found.services.map((service) => ({
      service: service.service,
      profile: service.profile,
      total: service.total,
      contained: service.contained,
      pending: service.pending.map(({ state, count, untilMs }) => ({
        state,
        count,
        untilUnixMs: whole(untilMs),
      })),
      dropNow: plainText(service.dropNow, SENTENCE_BYTES),
    })),
    reasons: found.reasons.map(checkToWire),
  };
}

/** Later is the careful reading of a moment until when something may be accepted. */
function whole(ms: number | null): number | undefined {
  return ms === null ? undefined : Math.ceil(ms);
}
