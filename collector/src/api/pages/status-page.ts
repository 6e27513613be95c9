import { counted } from '@keyturn/shared/model/counted.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import type { IssuerView } from '../schemas/fleet.ts';
import type { StatusView } from '../schemas/status.ts';
import { alertSection } from './alert-section.ts';
import { type Html, html, name } from './html.ts';
import { page } from './page.ts';
import { rotationSection } from './rotation-section.ts';
import { ago, until } from './times.ts';

const REFRESH_S = 5;

/** The status page: what `/v1/status` says, for people. Works without scripts. */
export function statusPage(status: StatusView): string {
  const nowMs = Date.parse(status.now_at);
  const body = html`
    ${collectorHeader(status, nowMs)}
    ${alertSection(status.alerts, status.more_alerts, nowMs)}
    ${status.rotations.length === 0 ? noRotation() : null}
    ${status.rotations.map((entry) => rotationSection(entry, nowMs))}
    ${status.more_rotations > 0 ? html`<p class="soft">${status.more_rotations} more rotations are open: <code>keyturn rotation list</code></p>` : null}
    ${status.issuers.map((issuer) => issuerSection(issuer, status.fleet.issuers, nowMs))}`;
  return page('Keyturn', body, REFRESH_S);
}

function collectorHeader(status: StatusView, nowMs: number): Html {
  const problems: Html[] = [];
  if (status.store_failing_since_at !== null) {
    problems.push(
      html`<p class="closed word">The store refuses writes since ${ago(status.store_failing_since_at, nowMs)}; every gate says unknown.</p>`,
    );
  }
  if (status.hold_down_until_at !== null) {
    problems.push(
      html`<p class="unknown word">Started a moment ago: gates say unknown until the fleet has been heard, ${until(status.hold_down_until_at, nowMs)}.</p>`,
    );
  }
  if (status.refused_verifiers > 0) {
    problems.push(
      html`<p class="unknown word">${status.refused_verifiers} hellos of verifiers were turned away: the fleet is at its bound.</p>`,
    );
  }
  return html`<header>
    <h1>Keyturn</h1>
    ${problems.length === 0 ? html`<p>The collector works.</p>` : problems}
    <p class="soft">${counted(status.fleet.verifiers_known, 'verifier')} known · collector ${status.version}, up ${formatDuration(nowMs - Date.parse(status.started_at))} · as of ${status.now_at} · refreshed every ${REFRESH_S} s</p>
  </header>`;
}

function noRotation(): Html {
  return html`<section><h2>No rotation is open</h2>
    <p class="soft">Start one with <code>keyturn rotation start --issuer ISSUER --alg ALG --new-kid KID</code></p></section>`;
}

function issuerSection(
  issuer: IssuerView,
  fleets: StatusView['fleet']['issuers'],
  nowMs: number,
): Html {
  const fleet = fleets.find((entry) => entry.issuer === issuer.issuer);
  return html`<section>
    <h2>Issuer ${name(issuer.issuer)}</h2>
    <p>${healthOf(issuer)}
      ${fleet === undefined ? 'No verifier is known.' : fleetSentence(fleet)}</p>
    ${issuer.vantages.filter((vantage) => vantage.message !== null).map((vantage) => html`<p class="reason">${name(vantage.url)}: ${vantage.message}${vantage.failing_since_at === null ? null : html`, since ${ago(vantage.failing_since_at, nowMs)}`}</p>`)}
    ${keyTable(issuer, nowMs)}
  </section>`;
}

function healthOf(issuer: IssuerView): Html | string {
  if (issuer.vantages.length === 0 && issuer.shared_secrets) {
    return 'It shares secrets with verifiers and has no JWKS.';
  }
  return issuer.healthy
    ? 'The JWKS is readable.'
    : html`<span class="closed word">The JWKS cannot be relied on.</span>`;
}

function publishedCell(key: IssuerView['keys'][number], nowMs: number): Html | string {
  if (key.thumbprint === '') return 'shared secret';
  if (key.withdrawn_at !== null) return html`withdrawn ${ago(key.withdrawn_at, nowMs)}`;
  return key.published_at === null ? 'not everywhere' : ago(key.published_at, nowMs);
}

function fleetSentence(fleet: StatusView['fleet']['issuers'][number]): string {
  const parts = [`${fleet.reporting} reporting`];
  if (fleet.silent > 0) parts.push(`${fleet.silent} silent`);
  if (fleet.joined > 0) parts.push(`${fleet.joined} yet to report`);
  return `${counted(fleet.verifiers, 'verifier')} in ${counted(fleet.services, 'service')}: ${parts.join(', ')}.`;
}

function keyTable(issuer: IssuerView, nowMs: number): Html {
  if (issuer.keys.length === 0) return html`<p class="soft">No key has been seen yet.</p>`;
  return html`<div class="scroll"><table class="keys">
    <thead><tr><th>kid</th><th>alg</th><th>published</th><th>last accepted</th><th></th></tr></thead>
    <tbody>${issuer.keys.map(
      (key) => html`<tr><td>${name(key.kid)}</td><td>${name(key.alg)}</td>
        <td>${publishedCell(key, nowMs)}</td>
        <td>${key.last_accepted_at === null ? '–' : ago(key.last_accepted_at, nowMs)}</td>
        <td>${key.tombstone === 'reused' || issuer.reused_kids.includes(key.kid) ? 'kid reused' : key.tombstone === 'retired' ? 'retired' : ''}</td></tr>`,
    )}</tbody></table></div>`;
}
