import { NEXT_GATE } from '../../core/rotation.ts';
import { algsOf } from '../views/algs.ts';
import { counted } from '@keyturn/shared/model/counted.ts';
import type { DependentView } from '../schemas/service.ts';
import type { StatusView } from '../schemas/status.ts';
import type { CanariesView } from '../schemas/rotation.ts';
import type { ContainmentView } from '../schemas/emergency.ts';
import type { CheckView, OffenderView, VerdictView } from '../schemas/verdict.ts';
import { probedSentence } from '../views/probed-sentence.ts';
import { notesOf, reasonsOf } from '../views/verdict.ts';
import { type Html, html, name } from './html.ts';
import { propagationPart } from './propagation-part.ts';
import { ago, until } from './times.ts';

const OFFENDERS_SHOWN_MAX = 25;

// Circle, square, diamond, triangle: told apart without colour.
const SHAPES: Readonly<Record<VerdictView['status'], Html>> = {
  open: html`<svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5"/></svg>`,
  closed: html`<svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10"/></svg>`,
  unknown: html`<svg viewBox="0 0 10 10" aria-hidden="true"><path d="M5 0 10 5 5 10 0 5Z"/></svg>`,
  aborted: html`<svg viewBox="0 0 10 10" aria-hidden="true"><path d="M5 0 10 10H0Z"/></svg>`,
};

/** One rotation: its gates side by side, then why those that are not open are not. */
export function rotationSection(
  { rotation, gates, propagation, containment, canaries, blind }: StatusView['rotations'][number],
  nowMs: number,
): Html {
  const next = NEXT_GATE[rotation.phase];
  const focus = gates.find((verdict) => verdict.gate === next);
  const others = gates.filter((verdict) => verdict.gate !== next && !verdict.ready);
  return html`<section>
    <h2>${rotation.origin === 'observed' ? 'Observed rotation' : 'Rotation'} ${name(rotation.id)}: ${name(rotation.old_key.kid)} → ${name(rotation.new_key.kid)}</h2>
    <p class="soft">${name(rotation.issuer)} · ${name(algsOf(rotation))}${rotation.key_kind === 'secret' ? ', shared secret' : ''} · phase ${rotation.phase}${rotation.tainted ? ' · old key TAINTED' : ''} · ${rotation.origin === 'observed' ? html`observed ${ago(rotation.started_at, nowMs)}` : html`started ${ago(rotation.started_at, nowMs)} by ${name(rotation.started_by)}`}</p>
    ${containment === null ? null : containmentPart(containment)}
    ${propagation === null ? null : propagationPart(propagation, nowMs)}
    ${rotation.findings.map((finding) => html`<p class="reason closed word">${finding.message}</p>`)}
    <ul class="gates">${gates.map((verdict) => gateCard(verdict, verdict.gate === next, nowMs))}</ul>
    ${canaries === null ? null : canaryLine(canaries, nowMs)}
    ${focus === undefined ? null : focusReasons(focus, nowMs)}
    ${blind.length === 0 ? null : blindTable(blind)}
    ${others.length === 0 ? null : html`<details><summary>Why the other gates are not open</summary>${others.map((verdict) => gateReasons(verdict, nowMs))}</details>`}
  </section>`;
}

/** How far a tainted key is out of use, and what to do about the rest. */
function containmentPart(found: ContainmentView): Html {
  const open = found.services.filter(({ pending }) => pending.length > 0).slice(0, 50);
  return html`<p class="${found.status === 'contained' ? 'open' : 'closed'} word"><span>Contained ${found.percent} %: ${found.contained} of ${found.total} no longer accept ${name(found.old_kid)}</span></p>
    ${
      open.length === 0
        ? null
        : html`<div class="scroll"><table><thead><tr><th>service</th><th>contained</th><th>still open</th><th>to end it at once</th></tr></thead>
    <tbody>${open.map(
      (
        service,
      ) => html`<tr><td>${name(service.service)}</td><td>${service.contained}/${service.total}</td>
        <td>${service.pending.map(({ state, count }) => `${count} ${state.replaceAll('_', ' ')}`).join(', ')}</td><td>${service.drop_now}</td></tr>`,
    )}</tbody></table></div>`
    }`;
}

/** Services nobody hears: by word, by time, and what of a population is left out. */
function blindTable(blind: readonly DependentView[]): Html {
  return html`<details><summary>${counted(blind.length, 'service')} known by word or by time</summary>
    <div class="scroll"><table><thead><tr><th>service</th><th>kind</th><th>waits for</th></tr></thead>
    <tbody>${blind.map(
      (dependent) => html`<tr><td>${name(dependent.service)}</td>
        <td>${dependent.kind}${dependent.required ? '' : ', optional'}</td>
        <td>${dependent.waits_for.length === 0 ? 'nothing' : dependent.waits_for.join('; ')}${(dependent.uncovered_percent ?? 0) > 0 ? `; ${dependent.uncovered_percent} % of it is left out` : ''}</td></tr>`,
    )}</tbody></table></div></details>`;
}

function canaryLine(canaries: CanariesView, nowMs: number): Html {
  const probed = probedSentence(canaries.verifiers);
  const held =
    canaries.held_until_at === null
      ? html`none at hand`
      : html`at hand, gone ${until(canaries.held_until_at, nowMs)}`;
  return html`<p class="soft">Canaries: ${held}${probed === '' ? '' : ` · ${probed}`}</p>`;
}

function gateCard(verdict: VerdictView, isNext: boolean, nowMs: number): Html {
  return html`<li class="${verdict.status}${isNext ? ' next' : ''}">
    <span class="soft">${verdict.gate}${isNext ? ' · next' : ''}</span>
    <strong>${word(verdict)}</strong>
    ${verdict.progress === '' ? null : html`<span class="soft">${verdict.progress} verifiers</span>`}
    ${verdict.clears_at === null ? null : html`<span class="soft">clears ${until(verdict.clears_at, nowMs)}</span>`}
    ${verdict.advised ? html`<span class="closed word">going back is advised</span>` : null}
  </li>`;
}

function word(verdict: VerdictView): Html {
  return html`<span class="word ${verdict.status}">${SHAPES[verdict.status]}${verdict.status.toUpperCase()}</span>`;
}

function focusReasons(verdict: VerdictView, nowMs: number): Html {
  if (!verdict.ready) return gateReasons(verdict, nowMs);
  const waived = verdict.checks.filter((check) => check.status === 'waived');
  const grade =
    verdict.weakest_grade === null
      ? ''
      : ` The weakest evidence accepted is ${verdict.weakest_grade}.`;
  return html`<p>Gate ${verdict.summary}.${grade}</p>${waived.map(
    (check) =>
      html`<div class="reason"><span class="class">waived</span><p>${check.message}</p></div>`,
  )}${notesOf(verdict.checks).map(
    (check) => html`<div class="reason"><span class="class">note</span><p>${check.message}</p>
      ${check.help === '' ? null : html`<p><code>${check.help}</code></p>`}</div>`,
  )}`;
}

function gateReasons(verdict: VerdictView, nowMs: number): Html {
  return html`<h3>Why ${verdict.gate} is ${word(verdict)}</h3>
    ${reasonsOf(verdict.checks).map((check) => reason(check, nowMs))}`;
}

function reason(check: CheckView, nowMs: number): Html {
  return html`<div class="reason">
    <span class="class">${check.class} · ${check.status}</span>
    <p>${check.message}${check.since_at === null ? null : html` <span class="soft">since ${ago(check.since_at, nowMs)}</span>`}${check.clears_at === null ? null : html` <span class="soft">clears ${until(check.clears_at, nowMs)}</span>`}</p>
    ${check.help === '' ? null : html`<p><code>${check.help}</code></p>`}
    ${check.offenders.length === 0 ? null : laggards(check, nowMs)}
  </div>`;
}

function laggards(check: CheckView, nowMs: number): Html {
  const shown = check.offenders.slice(0, OFFENDERS_SHOWN_MAX);
  const more = check.offender_count - shown.length;
  return html`<div class="scroll"><table>
    <thead><tr><th>verifier</th><th>state</th><th>since</th><th>detail</th></tr></thead>
    <tbody>${shown.map((offender) => laggard(offender, nowMs))}</tbody></table></div>
    ${more > 0 ? html`<p class="soft">and ${more} more</p>` : null}`;
}

function laggard(offender: OffenderView, nowMs: number): Html {
  const parts = [offender.service, offender.instance, offender.cache].filter((part) => part !== '');
  return html`<tr><td>${name(parts.join('/'))}</td><td>${name(offender.state)}</td>
    <td>${offender.since_at === null ? '–' : ago(offender.since_at, nowMs)}</td><td>${offender.detail}</td></tr>`;
}
