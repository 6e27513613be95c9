import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Verifier } from '../../fleet.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { named } from '../spoken-of.ts';

/**
 * A verifier took a token with a signature that nobody made. It is kept until one is refused, over
 * restarts and silences, so that only a probe that shows otherwise, or the verifier's end, ends it.
 */
export const bogusSignatureAccepted: AlertRule = {
  names: ['BogusSignatureAccepted'],
  judge(state) {
    const found = new Map<string, Map<string, Verifier[]>>();
    for (const verifier of state.fleet.takesAnything) {
      if (verifier.liveness === 'departed') continue;
      for (const { issuer, bogusAcceptedAtMs } of verifier.record.probes) {
        if (bogusAcceptedAtMs !== null) noteIn(found, issuer, verifier);
      }
    }
    return [...found].flatMap(([issuer, services]) =>
      [...services].map(([service, verifiers]) => present(issuer, service, verifiers)),
    );
  },
};

function noteIn(
  found: Map<string, Map<string, Verifier[]>>,
  issuer: string,
  verifier: Verifier,
): void {
  const services = found.get(issuer) ?? new Map<string, Verifier[]>();
  found.set(issuer, services);
  const { service } = verifier.record.id;
  const known = services.get(service);
  if (known === undefined) services.set(service, [verifier]);
  else known.push(verifier);
}

function present(issuer: string, service: string, verifiers: readonly Verifier[]): Judgement {
  return {
    status: 'present',
    name: 'BogusSignatureAccepted',
    labels: { issuer, service },
    summary: `${counted(verifiers.length, 'verifier')} of service ${service} accepted a token of ${issuer} with a signature that nobody made: no key protects it`,
    details: named(verifiers, verifiers.length, ({ record }) => {
      const held = record.probes.find((probe) => probe.issuer === issuer);
      return `accepted it at ${moment(held?.bogusAcceptedAtMs ?? 0)}`;
    }),
  };
}
