import { quoted } from '../../core/gates/check.ts';
import { waysOf } from '../../core/gates/dependents.ts';
import type { Verifier } from '../../core/fleet.ts';
import type { RotationRecord } from '../../core/records.ts';
import type { State } from '../../core/state.ts';
import type { VerifierDetailView } from '../schemas/verifier-detail.ts';

type Help = VerifierDetailView['help'][number];

/** Commands that help with one verifier as it stands, the likeliest first. */
export function* verifierHelp(state: Readonly<State>, verifier: Verifier): Iterable<Help> {
  const { service, instance, cache } = verifier.record.id;
  const name = [service, instance, cache].map(quoted).join(' ');
  if (verifier.liveness === 'silent') {
    yield {
      why: 'If it is gone for good, so that nobody waits for it:',
      command: `keyturn remove ${name} --reason "why it is gone"`,
    };
  }
  for (const [id] of verifier.standings) {
    const rotation = state.rotations.get(id);
    if (rotation !== undefined) yield* rotationHelp(verifier, rotation);
  }
  yield {
    why: 'What the collector finds wrong, with its fleet and with itself:',
    command: 'keyturn doctor',
  };
}

function* rotationHelp(verifier: Verifier, rotation: RotationRecord): Iterable<Help> {
  const { service, instance } = verifier.record.id;
  const group = verifier.groups.find(({ issuer }) => issuer === rotation.issuer);
  const isAttested = group !== undefined && waysOf(group, rotation) === 'attested';
  if (isAttested) {
    yield {
      why: `Its service is vouched for; once it holds ${rotation.newKid}:`,
      command: `keyturn attest ${quoted(service)} --rotation ${rotation.id} --instance ${quoted(instance)} --fact holds_new --reason "how you know" --valid-for 1d`,
    };
  }
  yield {
    why: `All of its service that lack ${rotation.newKid}:`,
    command: `keyturn verifiers --service ${quoted(service)} --rotation ${rotation.id} --state lagging`,
  };
}
