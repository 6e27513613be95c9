import { counted } from '@keyturn/shared/model/counted.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import type { IssuerView, ProfileView } from '../api/schemas/fleet.ts';
import type { ReceiverView } from '../api/schemas/receiver.ts';
import type { ServiceView } from '../api/schemas/service.ts';
import type { StatusView } from '../api/schemas/status.ts';
import { fleet, settings } from './diagnose-fleet.ts';
import { receiverFindings } from './diagnose-receivers.ts';
import { observedFindings } from './diagnose-observed.ts';
import { fail, type Finding, ok, warn } from './finding.ts';
import { toTheSecond } from './render/time.ts';

/** What was learnt of the operator token. */
export type TokenFacts =
  | { readonly kind: 'environment'; readonly accepted: boolean | null }
  | {
      readonly kind: 'file';
      readonly file: string;
      /** Permission bits; null when the file cannot be looked at. */
      readonly mode: number | null;
      readonly problem: string;
      readonly accepted: boolean | null;
    };

export interface Examination {
  readonly status: StatusView;
  readonly services: readonly ServiceView[];
  readonly profiles: readonly ProfileView[];
  readonly receivers: readonly ReceiverView[];
  /** Id of the profile that stands for kinds nobody named. */
  readonly fallbackProfile: string;
  readonly token: TokenFacts;
  readonly cliVersion: string;
  /** Middle of the request for the status, this machine's wall clock. */
  readonly askedAtMs: number;
}

const ALERTS_SHOWN_MAX = 10;

const CLOCK_WARN_MS = 5_000;

// The collector's own bound for calling an issuer's clock unusable is five minutes.
const CLOCK_FAIL_MS = 300_000;

/** Everything worth knowing before trusting a gate, from facts already gathered. */
export function diagnose(facts: Examination): Finding[] {
  return [
    version(facts),
    clock(facts),
    ...collector(facts.status),
    ...alerts(facts.status),
    ...issuers(facts.status),
    ...facts.status.rotations.flatMap(canaryFindings),
    ...facts.status.rotations.flatMap(observedFindings),
    ...token(facts.token),
    ...fleet(facts.status, facts.services),
    ...receiverFindings(facts.receivers),
    ...settings(facts),
  ];
}

function version({ status, cliVersion }: Examination): Finding {
  if (status.version === cliVersion) return ok(`collector and CLI are both version ${cliVersion}`);
  return warn(
    `the collector is version ${status.version}, this CLI ${cliVersion}`,
    'use the CLI of the same version',
  );
}

function clock({ status, askedAtMs }: Examination): Finding {
  const offMs = Math.abs(Date.parse(status.now_at) - askedAtMs);
  const what = `the clocks of this machine and the collector are ${formatDuration(offMs)} apart`;
  if (offMs >= CLOCK_FAIL_MS) return fail(what, 'set both clocks (NTP)');
  return offMs >= CLOCK_WARN_MS ? warn(what, 'set both clocks (NTP)') : ok(what);
}

function collector(status: StatusView): Finding[] {
  const findings: Finding[] = [];
  findings.push(
    status.store_failing_since_at === null
      ? ok('the store takes writes')
      : fail(
          `the store refuses writes since ${status.store_failing_since_at}`,
          "look at the collector's log, its disk space and the permissions of its data directory",
        ),
  );
  if (status.hold_down_until_at !== null) {
    findings.push(
      warn(
        `the collector started a moment ago: gates say unknown until ${status.hold_down_until_at}`,
        'wait',
      ),
    );
  }
  if (status.refused_verifiers > 0) {
    findings.push(
      warn(
        `${status.refused_verifiers} hellos of verifiers were turned away: the fleet is at its bound`,
        'raise policy.max_verifiers in the collector settings, and look for agents that change their name',
      ),
    );
  }
  return findings;
}

function alerts({ alerts: firing, more_alerts: more }: StatusView): Finding[] {
  if (firing.length === 0) return [ok('no alert fires')];
  const findings = firing.slice(0, ALERTS_SHOWN_MAX).map((alert) => {
    const what = `alert ${alert.name} fires since ${toTheSecond(alert.fired_at ?? alert.since_at)}: ${alert.summary}`;
    return (alert.severity === 'critical' ? fail : warn)(what, `keyturn alerts show ${alert.id}`);
  });
  const hidden = firing.length + more - findings.length;
  return hidden === 0
    ? findings
    : [...findings, warn(`${hidden} more alerts fire`, 'keyturn alerts')];
}

function issuers(status: StatusView): Finding[] {
  const none = fail('no issuer is configured', 'add issuers to the collector settings');
  return [
    ...(status.issuers.length === 0 ? [none] : []),
    ...status.issuers.flatMap(issuerFindings),
    ...foreignIssuers(status),
  ];
}

function canaryFindings({ rotation, canaries }: StatusView['rotations'][number]): Finding[] {
  if (canaries === null || rotation.published_at === null) return [];
  const believing = canaries.verifiers.takes_anything;
  const believers =
    believing === 0
      ? []
      : [
          fail(
            `${counted(believing, 'verifier')} accepted a token with a signature that nobody made`,
            `keyturn gate activate --rotation ${rotation.id}, which names them`,
          ),
        ];
  if (rotation.origin === 'observed') return believers;
  if (canaries.held_until_at !== null) {
    const until = toTheSecond(canaries.held_until_at);
    return [...believers, ok(`canaries of rotation ${rotation.id} are at hand until ${until}`)];
  }
  return [
    ...believers,
    warn(
      `no canaries of rotation ${rotation.id} are at hand: none were handed over, they expired, or the collector restarted and keeps none`,
      `keyturn rotation canary ${rotation.id} --next FILE --current FILE`,
    ),
  ];
}

function foreignIssuers(status: StatusView): Finding[] {
  const configured = new Set(status.issuers.map(({ issuer }) => issuer));
  return status.fleet.issuers
    .filter(({ issuer, verifiers }) => verifiers > 0 && !configured.has(issuer))
    .map(({ issuer, verifiers }) =>
      warn(
        `issuer ${issuer} is not configured, and ${counted(verifiers, 'verifier')} would take its tokens`,
        'add it under issuers in the collector settings',
      ),
    );
}

function issuerFindings(issuer: IssuerView): Finding[] {
  const findings: Finding[] = issuer.vantages.map((vantage) => {
    if (vantage.fetched_at === null) {
      return warn(
        `the JWKS at ${vantage.url} has not been read yet`,
        'wait a moment and ask again',
      );
    }
    return vantage.message === null
      ? ok(`the JWKS at ${vantage.url} is readable`)
      : fail(
          `the JWKS at ${vantage.url} cannot be used: ${vantage.message}`,
          `curl -fsS '${vantage.url.replaceAll("'", '%27')}'`,
        );
  });
  if (issuer.reused_kids.length > 0) {
    findings.push(
      fail(
        `issuer ${issuer.issuer} has used ${issuer.reused_kids.length} kids for more than one key: ${issuer.reused_kids.slice(0, 5).join(', ')}`,
        'generate keys under kids that were never used',
      ),
    );
  }
  if (issuer.max_token_lifetime_s === null) {
    findings.push(
      warn(
        `the longest token lifetime of issuer ${issuer.issuer} is not known, so retire stays unknown`,
        'set max_token_lifetime for it in the collector settings',
      ),
    );
  }
  return findings;
}

function token(facts: TokenFacts): Finding[] {
  const findings: Finding[] = [];
  if (facts.kind === 'file') {
    if (facts.mode === null) {
      return [
        warn(
          `the operator token cannot be read: ${facts.problem}`,
          "name the collector's operator-token file with --token-file, or set KEYTURN_OPERATOR_TOKEN; gates need none",
        ),
      ];
    }
    const open = (facts.mode & 0o077) !== 0;
    const bits = facts.mode.toString(8).padStart(4, '0');
    findings.push(
      open
        ? fail(
            `others may use the operator token in ${facts.file} (mode ${bits})`,
            `chmod 600 ${facts.file}, then replace the token if it may have been read`,
          )
        : ok(`the operator token in ${facts.file} is readable by its owner alone`),
    );
  }
  if (facts.accepted === true) findings.push(ok('the collector takes the operator token'));
  if (facts.accepted === false) {
    findings.push(
      fail(
        'the collector refuses the operator token',
        'use the token of this collector: operator-token in its data directory',
      ),
    );
  }
  return findings;
}
