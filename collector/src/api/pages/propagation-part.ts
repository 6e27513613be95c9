import { counted } from '@keyturn/shared/model/counted.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import type { PropagationView } from '../schemas/propagation.ts';
import { type Html, html, name } from './html.ts';
import { ago, until } from './times.ts';

const RISK_CLASS = { low: 'open', raised: 'unknown', high: 'closed' } as const;

/** How an observed key comes to the verifiers, and what it risks. */
export function propagationPart(propagation: PropagationView, nowMs: number): Html {
  const { risk, reasons, known_by, lacking } = propagation;
  return html`<p class="soft">Advisory: nobody here takes these steps; the issuer does not ask.</p>
    <p><span class="word ${RISK_CLASS[risk]}">Risk ${risk}</span>: ${reasons.join('; ')}.</p>
    <p>${propagation.knowing} of ${counted(propagation.verifiers, 'verifier')} would accept the new key${shares(propagation)}. ${leadSentence(propagation)}${known_by === null ? null : html` By their profiles all have it ${until(known_by, nowMs)}.`}</p>
    ${
      lacking.length === 0
        ? null
        : html`<div class="scroll"><table><thead><tr><th>verifier</th><th>state</th><th>since</th><th>detail</th></tr></thead>
    <tbody>${lacking.map(
      (one) =>
        html`<tr><td>${name([one.service, one.instance, one.cache].filter((part) => part !== '').join('/'))}</td><td>${name(one.state)}</td><td>${one.since_at === null ? '–' : ago(one.since_at, nowMs)}</td><td>${one.detail}</td></tr>`,
    )}</tbody></table></div>`
    }`;
}

function shares({ by_grade }: PropagationView): string {
  const grades = Object.entries(by_grade).map(([grade, n]) => `${n} ${grade}`);
  return grades.length === 0 ? '' : ` (${grades.join(', ')})`;
}

function leadSentence({ lead_s, needed_lead_s }: PropagationView): string {
  const needed =
    needed_lead_s === null
      ? 'some verifier may need any time'
      : `verifiers may need ${formatDuration(needed_lead_s * 1_000)}`;
  if (lead_s === null) return `The key is not published everywhere; ${needed}.`;
  if (lead_s < 0) return `The key was used before it was published; ${needed}.`;
  return `The issuer gave ${formatDuration(lead_s * 1_000)} of lead so far; ${needed}.`;
}
