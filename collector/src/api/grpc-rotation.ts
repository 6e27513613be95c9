import type { handleUnaryCall, Metadata, Server } from '@grpc/grpc-js';
import { plainText } from '@keyturn/shared/shown.ts';
import {
  factFromWire,
  gateFromWire,
  stepFromWire,
  verdictToWire,
  type Checked,
} from '@keyturn/shared/wire/codec.ts';
import {
  type RehearsalMessage,
  type RotationMessage,
  type RotationServiceServer,
  RotationServiceService,
} from '@keyturn/shared/wire/services.ts';
import type { Canaries } from '../canary/canaries.ts';
import { rollbackUntilMs } from '../core/gates/rollback-window.ts';
import { newKeyNeed } from '../core/new-key-need.ts';
import type { RehearsalRecord, RotationRecord } from '../core/records.ts';
import { phaseOf, rotationFacts } from '../core/rotation.ts';
import type { State } from '../core/state.ts';
import { newRecordId, newRotationId } from '../new-ids.ts';
import type { Engine } from '../engine-port.ts';
import { ApiError, carriedOut, noSuchRotation, refusalError } from './api-error.ts';
import { authorizeOperator, type OperatorToken } from './authorize.ts';
import { emergencyCalls } from './grpc-emergency.ts';
import { grpcError } from './grpc-errors.ts';

const LISTED_MAX = 500;

/** The acts of rotation tooling over gRPC. Those that change state need the operator token. */
export function rotationService(
  engine: Engine,
  canaries: Canaries,
  operatorToken: OperatorToken,
): RotationServiceServer {
  const acting = <Request, Response>(act: (request: Request) => Promise<Response>) =>
    answering<Request, Response>(async (request, metadata) => {
      authorizeOperator(bearerOf(metadata), operatorToken);
      return act(request);
    });
  return {
    getRotation: answering(async ({ rotationId }) => {
      const rotation = engine.state().rotations.get(rotationId);
      if (rotation === undefined) throw noSuchRotation();
      return { rotation: rotationMessage(engine.state(), rotation) };
    }),
    listRotations: answering(async ({ includeEnded }) => {
      const state = engine.state();
      const rotations = [...state.rotations.values()]
        .filter((rotation) => includeEnded || rotation.endedAtMs === null)
        .sort((a, b) => b.startedAtMs - a.startedAtMs)
        .slice(0, LISTED_MAX);
      return { rotations: rotations.map((rotation) => rotationMessage(state, rotation)) };
    }),
    startRotation: acting(async (request) => {
      const { rotation } = carriedOut(
        await engine.act({
          type: 'start',
          id: newRotationId(engine.nowMs()),
          by: request.by,
          issuer: request.issuer,
          alg: request.alg,
          oldKid: orNull(request.oldKid),
          newKid: request.newKid,
          newThumbprint: orNull(request.newThumbprint),
        }),
      );
      return { rotation: messageOrNone(engine, rotation) };
    }),
    declareStep: acting(async (request) => {
      const { rotation, verdict } = carriedOut(
        await engine.act({
          type: 'declare',
          by: request.by,
          rotationId: request.rotationId,
          step: read(stepFromWire(request.step)),
          overrideReason: orNull(request.overrideReason),
          reason: orNull(request.reason),
          confirm:
            request.confirm === undefined
              ? null
              : { oldKid: request.confirm.oldKid, seenAtMs: request.confirm.seenAtUnixMs },
        }),
      );
      return {
        rotation: messageOrNone(engine, rotation),
        verdict: verdict === null ? undefined : verdictToWire(verdict),
      };
    }),
    ...emergencyCalls(engine, answering),
    rehearse: acting(async (request) => {
      const { rehearsal } = carriedOut(
        await engine.act({
          type: 'rehearse',
          by: request.by,
          rotationId: request.rotationId,
          oldKeyAvailable: request.oldKeyAvailable,
        }),
      );
      return { rehearsal: rehearsal === null ? undefined : rehearsalMessage(rehearsal) };
    }),
    attest: acting(async (request) => {
      const { attestation } = carriedOut(
        await engine.act({
          type: 'attest',
          id: newRecordId('att'),
          by: request.by,
          rotationId: request.rotationId,
          service: request.service,
          instance: orNull(request.instance),
          fact: read(factFromWire(request.fact)),
          reason: request.reason,
          validForMs: request.validForS * 1_000,
        }),
      );
      return {
        attestationId: attestation?.id ?? '',
        expiresAtUnixMs: attestation?.expiresAtMs ?? 0,
      };
    }),
    waive: acting(async (request) => {
      const { waiver } = carriedOut(
        await engine.act({
          type: 'waive',
          id: newRecordId('wvr'),
          by: request.by,
          rotationId: request.rotationId,
          gate: read(gateFromWire(request.gate)),
          checkId: request.checkId,
          reason: request.reason,
          validForMs: request.validForS * 1_000,
        }),
      );
      return { waiverId: waiver?.id ?? '', expiresAtUnixMs: waiver?.expiresAtMs ?? 0 };
    }),
    removeVerifier: acting(async (request) => {
      const { removed } = carriedOut(
        await engine.act({
          type: 'remove_verifier',
          by: request.by,
          service: request.service,
          instance: request.instance,
          cache: orNull(request.cache),
          reason: request.reason,
        }),
      );
      return { removed };
    }),
    handOverCanaries: acting(async ({ rotationId, next, current, by }) => {
      const handed = await canaries.handOver({ rotationId, next, current, by });
      if (!handed.ok) throw refusalError(handed.result.refusal);
      return { expiresAtUnixMs: handed.held.expiresAtMs };
    }),
  };
}

/** Adds the rotation service to a server. */
export function registerRotations(
  server: Server,
  engine: Engine,
  canaries: Canaries,
  operatorToken: OperatorToken,
): void {
  server.addService(RotationServiceService, {
    ...rotationService(engine, canaries, operatorToken),
  });
}

function answering<Request, Response>(
  handle: (request: Request, metadata: Metadata) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void answer();
    async function answer(): Promise<void> {
      let response: Response;
      try {
        response = await handle(call.request, call.metadata);
      } catch (error) {
        callback(grpcError(error));
        return;
      }
      callback(null, response);
    }
  };
}

/** Two credentials are no credential. */
function bearerOf(metadata: Metadata): string | undefined {
  const values = metadata.get('authorization');
  const [first] = values;
  return values.length === 1 && typeof first === 'string' ? first : undefined;
}

function read<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new ApiError('INVALID', checked.message, checked.field);
  return checked.value;
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function messageOrNone(
  engine: Engine,
  rotation: RotationRecord | null,
): RotationMessage | undefined {
  return rotation === null ? undefined : rotationMessage(engine.state(), rotation);
}

function rotationMessage(state: Readonly<State>, rotation: RotationRecord): RotationMessage {
  const facts = rotationFacts(state, rotation);
  const need = newKeyNeed(state, rotation);
  const revisions = [...(state.gates.get(rotation.id)?.values() ?? [])].map(
    (memo) => memo.revision,
  );
  return {
    id: rotation.id,
    issuer: rotation.issuer,
    alg: rotation.alg,
    oldAlg: rotation.oldAlg,
    oldKid: rotation.oldKid,
    newKid: rotation.newKid,
    oldThumbprint: rotation.oldThumbprint ?? '',
    newThumbprint: rotation.newThumbprint ?? '',
    phase: phaseOf(state, rotation),
    tainted: rotation.tainted,
    startedAtUnixMs: rotation.startedAtMs,
    publishedAtUnixMs: facts.publishedAtMs ?? undefined,
    switchedAtUnixMs: rotation.switchedAtMs ?? undefined,
    withdrawnAtUnixMs: facts.withdrawnAtMs ?? undefined,
    startedBy: rotation.startedBy,
    revision: Math.max(0, ...revisions),
    origin: rotation.origin,
    endedBecause: rotation.endedBecause ?? '',
    secret: rotation.keyKind === 'secret',
    rolledBackAtUnixMs: rotation.rolledBackAtMs ?? undefined,
    newKeyNeededUntilUnixMs: need.kind === 'until' ? need.atMs : undefined,
    rollbackUntilUnixMs: rollbackUntilMs(state, rotation) ?? undefined,
    oldKeyDestroyedAtUnixMs: rotation.declared.destroy_old_key?.atMs,
  };
}

function rehearsalMessage(record: RehearsalRecord): RehearsalMessage {
  return {
    rotationId: record.rotationId,
    number: record.number,
    by: record.by,
    atUnixMs: record.atMs,
    status: record.status,
    checks: record.checks.map((check) => ({
      id: check.id,
      status: check.status,
      class: check.class,
      message: plainText(check.message, 4_096),
      offenders: [...check.offenders],
      offenderCount: check.offenderCount,
    })),
  };
}
