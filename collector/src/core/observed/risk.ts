import { counted } from '@keyturn/shared/model/counted.ts';
import { requiredGroups } from '../gates/dependents.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { State } from '../state.ts';
import type { Propagation, PropagationFacts } from './propagation.ts';

/** What the spread of a key that the issuer chose to publish puts at risk, in sentences. */
export function riskOf(
  state: State,
  rotation: RotationRecord,
  facts: PropagationFacts,
): Pick<Propagation, 'risk' | 'reasons'> {
  const high: string[] = [];
  const raised: string[] = [];
  const { newKid, oldKid } = rotation;
  const { publishedAtMs, withdrawnAtMs } = rotationFacts(state, rotation);
  const inUse = rotation.switchedAtMs !== null || withdrawnAtMs !== null;
  if (facts.refusing > 0) {
    const who = counted(facts.refusing, 'verifier');
    if (inUse)
      high.push(`${who} without ${newKid}, which the issuer signs with: tokens are refused`);
    else raised.push(`${who} would refuse a token of ${newKid} now`);
  }
  if (facts.doubtful + facts.unheard > 0) {
    const who = counted(facts.doubtful + facts.unheard, 'verifier');
    raised.push(`nothing shows that ${who} would accept a token of ${newKid}`);
  }
  if (facts.unseenServices > 0) {
    raised.push(`${counted(facts.unseenServices, 'service')} that nobody hears may lack ${newKid}`);
  }
  if (facts.failures > 0) {
    high.push(
      `${counted(facts.failures, 'failure')} of tokens of ${newKid} that a key could cause`,
    );
  }
  if (facts.oldTokens?.atRemoval === true) {
    high.push(
      `${oldKid} was withdrawn while tokens signed by it ${facts.oldTokens.isKnown ? 'are' : 'may be'} live`,
    );
  }
  if (publishedAtMs === null) raised.push(`${newKid} is not served at every vantage`);
  if (facts.verifiers + requiredGroups(state, rotation).length === 0)
    raised.push('no verifier of this issuer is known');
  const risk = high.length > 0 ? 'high' : raised.length > 0 ? 'raised' : 'low';
  const reasons = [...high, ...raised];
  if (reasons.length === 0) reasons.push(`every verifier would accept a token of ${newKid}`);
  return { risk, reasons };
}
