import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import type { Logger } from 'pino';
import type { AgentEvent } from './events.ts';
import type { ProxiedUrl } from './proxy/proxy.ts';
import type { IssuerSource } from './proxy/issuer-source.ts';

const TEXT_BYTES_MAX = 500;

/** What the sidecar tells whoever runs it: one helper per event, values as fields. */
export interface SidecarEvents {
  /** After every attempt; only turns are told, so a long outage is two lines. */
  issuerAttempt(source: IssuerSource): void;
  proxyListening(origin: string): void;
  proxyUrl(url: ProxiedUrl): void;
  authorityMade(caFile: string): void;
  pushListening(where: string): void;
  pushedSilent(verifier: string, leaseMs: number): void;
  pushedRestarted(verifier: string): void;
  agent(event: AgentEvent): void;
  fault(where: string, error: unknown): void;
}

export function createSidecarEvents(log: Logger, nowMs: () => number): SidecarEvents {
  const failing = new Set<string>();
  const probed = ({ verifier, answers }: Extract<AgentEvent, { kind: 'probed' }>) => {
    const outcomes = Object.fromEntries(
      answers.map(({ role, outcome, status }) => [
        role,
        status === null ? outcome : `${outcome} (${status})`,
      ]),
    );
    log.info({ verifier: verifierKey(verifier), ...outcomes }, 'canary tokens presented');
  };
  let isAway = false;
  return {
    issuerAttempt(source) {
      const { issuer } = source.config;
      const { lastError, message } = source.health;
      const document = source.usable(nowMs());
      if (lastError === null) {
        if (failing.delete(issuer)) log.info({ issuer }, 'keys fetched again');
        return;
      }
      if (failing.has(issuer)) return;
      failing.add(issuer);
      log.warn(
        { issuer, error: lastError, detail: message },
        document === null
          ? 'cannot fetch keys and have none to serve; trying on'
          : 'cannot fetch keys; serving the last good document, trying on',
      );
    },
    proxyListening(origin) {
      log.info({ origin }, 'key proxy listens');
    },
    proxyUrl(url) {
      log.info(url, 'point this verifier here');
    },
    authorityMade(caFile) {
      log.info({ caFile }, 'made a certificate authority; verifiers on https must trust it');
    },
    pushListening(where) {
      log.info({ where }, 'push API listens');
    },
    pushedSilent(verifier, leaseMs) {
      log.warn(
        { verifier },
        `nothing pushed for ${formatDuration(leaseMs)}; no longer reported, so gates will wait for it`,
      );
    },
    pushedRestarted(verifier) {
      log.info({ verifier }, 'verifier restarted; its keys count as unknown until it pushes them');
    },
    agent(event) {
      const { kind, ...fields } = event;
      // Every retry of a collector that stays away would be a line.
      if (kind === 'disconnected' && isAway) return;
      if (kind === 'connected' || kind === 'disconnected') isAway = kind === 'disconnected';
      if (event.kind === 'probed') return probed(event);
      const level = kind === 'connected' ? 'info' : 'warn';
      log[level](printable(fields), kind);
    },
    fault(where, error) {
      log.error({ where, detail: plainText(messageOf(error), TEXT_BYTES_MAX) }, 'fault');
    },
  };
}

// Reasons come from the other end of the wire: nothing in them may move a terminal's cursor.
function printable(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' ? plainText(value, TEXT_BYTES_MAX) : value,
    ]),
  );
}
