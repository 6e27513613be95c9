import { GATES, type VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer } from '../core/fleet.ts';
import type { RotationRecord } from '../core/records.ts';
import { openRotations, type Phase, phaseOf } from '../core/rotation.ts';
import type { State } from '../core/state.ts';
import { issuerLabel, serviceLabel } from './read-fleet.ts';
import { reading, type Reading, stateSet, Sums } from './reading.ts';

const STATUSES: readonly VerdictStatus[] = ['open', 'closed', 'unknown', 'aborted'];

/** An ended rotation is in none of the others. */
const OPEN_PHASES: readonly Phase[] = [
  'staged',
  'published',
  'ready',
  'active',
  'drained',
  'withdrawn',
];

/** RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2, RFC 9864 §2.2. */
const ALGS: ReadonlySet<string> = new Set(
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K EdDSA Ed25519 Ed448 HS256 HS384 HS512'.split(
    ' ',
  ),
);

/** Open rotations, named by what there can be one of: issuer, alg and origin. */
export function rotationReadings(state: State, nowMs: number): Iterable<Reading> {
  const sums = new Sums();
  const oldestMs = new Map<string, Reading>();
  for (const rotation of openRotations(state)) {
    for (const each of readingsOf(state, rotation)) sums.add(each);
    const age = ageOf(state, rotation, nowMs);
    const key = JSON.stringify(age.attributes);
    if ((oldestMs.get(key)?.value ?? -1) < age.value) oldestMs.set(key, age);
  }
  return [...sums.values(), ...oldestMs.values()];
}

function readingsOf(state: State, rotation: RotationRecord): Reading[] {
  const of = identity(state, rotation);
  const gates = state.gates.get(rotation.id);
  return [
    ...stateSet(OPEN_PHASES, phaseOf(state, rotation), (phase, value) =>
      reading('phase', value, { ...of, 'keyturn.rotation.phase': phase }),
    ),
    ...GATES.flatMap((gate) =>
      // A gate nobody evaluated yet says nothing, which is what unknown means.
      stateSet(STATUSES, gates?.get(gate)?.status ?? 'unknown', (status, value) =>
        reading('gateStatus', value, {
          ...of,
          'keyturn.gate': gate,
          'keyturn.gate.status': status,
        }),
      ),
    ),
    ...propagation(state, rotation),
  ];
}

function propagation(state: State, rotation: RotationRecord): Reading[] {
  const of = identity(state, rotation);
  return [...groupsOfIssuer(state.fleet, rotation.issuer)].flatMap((group) =>
    [...(group.tallies.get(rotation.id)?.byNew ?? [])].map(([grade, verifiers]) =>
      reading('propagation', verifiers.size, {
        ...of,
        'keyturn.service': serviceLabel(group),
        'keyturn.new_key': grade,
      }),
    ),
  );
}

function ageOf(state: State, rotation: RotationRecord, nowMs: number): Reading {
  const ageS = Math.max(0, nowMs - rotation.startedAtMs) / 1_000;
  return reading('rotationAge', ageS, identity(state, rotation));
}

function identity(state: State, { issuer, alg, origin }: RotationRecord) {
  return {
    'keyturn.issuer': issuerLabel(state, issuer),
    'keyturn.rotation.alg': ALGS.has(alg) ? alg : 'other',
    'keyturn.rotation.origin': origin,
  };
}
