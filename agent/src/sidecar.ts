import { formatAddress } from '@keyturn/shared/address.ts';
import { systemClock, type Clock } from '@keyturn/shared/clock.ts';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { startWhole, type Teardown } from '@keyturn/shared/teardown.ts';
import type { Logger } from 'pino';
import type { AgentConfig } from './config.ts';
import { probesByVerifier } from './config/probe.ts';
import type { ConfigFiles } from './config/files.ts';
import { type AgentEvents, createAgentEvents } from './events.ts';
import { HeldReporter } from './held-reporter.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Present } from './probe/present.ts';
import { httpPresenter } from './probe/present-http.ts';
import { startProxy, type Proxy } from './proxy/proxy.ts';
import { startPush, type Push } from './push/push.ts';
import type { OpenTelemetryLike } from './telemetry/open-telemetry.ts';
import { AgentTelemetry } from './telemetry/telemetry.ts';
import { createSidecarEvents } from './sidecar-events.ts';
import { grpcDialer } from './uplink/grpc.ts';
import { createUplink, type Uplink } from './uplink/uplink.ts';
import { AGENT_VERSION } from './version.ts';

export interface SidecarOptions {
  readonly config: AgentConfig;
  readonly files: ConfigFiles;
  readonly hostname: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Where its own metrics and traces go; nowhere by default. */
  readonly openTelemetry?: OpenTelemetryLike;
}

/** A running sidecar. */
export interface Sidecar extends AsyncDisposable {
  /** Null when no verifier is behind the proxy. */
  readonly proxy: Proxy | null;
  /** Null when no verifier may push. */
  readonly push: Push | null;
  /** Says goodbye for its verifiers, where it may speak for them, and stops it; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts the proxy, the push API and the session with the collector. Neither the issuers nor the
 * collector need to be reachable.
 *
 * @throws ListenError when a port or socket cannot be had; nothing is left running then.
 */
export function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  return startWhole((teardown) => start(options, teardown));
}

async function start(options: SidecarOptions, teardown: Teardown): Promise<Sidecar> {
  const { config, files, hostname, log, clock = systemClock, random = Math.random } = options;
  const events = createSidecarEvents(log, () => clock.monotonicMs());
  const reporter = new HeldReporter();
  let uplink: Uplink | undefined;
  // Added first, so that it is closed last and says what the others still had to say.
  teardown.add('uplink', () => uplink?.close('the sidecar stopped'));
  const shared = { config, files, hostname, clock, random, reporter, events };
  const proxy = needsProxy(config) ? await startProxy(shared, teardown) : null;
  const push = needsPush(config) ? await startPush(shared, teardown) : null;
  const telemetry =
    options.openTelemetry === undefined ? undefined : new AgentTelemetry(options.openTelemetry);
  const agentEvents = createAgentEvents(
    telemetry?.hearing((event) => events.agent(event)) ?? ((event) => events.agent(event)),
  );
  uplink = openUplink(config, files, { clock, random, events: agentEvents, telemetry });
  const stopReading = telemetry?.observe(uplink, agentEvents, clock);
  if (stopReading !== undefined) teardown.add('telemetry', stopReading);
  reporter.release(uplink);
  const close = () => teardown.close();
  return { proxy, push, close, [Symbol.asyncDispose]: close };
}

/** True when a verifier is behind the proxy. */
function needsProxy(config: AgentConfig): boolean {
  return config.verifiers.some((verifier) => verifier.via === 'proxy');
}

/** True when a verifier may push. */
function needsPush(config: AgentConfig): boolean {
  return config.push.accept === 'any' || config.verifiers.some((entry) => entry.via === 'push');
}

/** How tokens reach the verifiers that have an endpoint for them. */
function presenters(
  config: AgentConfig,
  files: ConfigFiles,
  clock: Clock,
): (ledger: Ledger) => Present | undefined {
  const made = new Map(
    [...probesByVerifier(config.verifiers)].map(([key, probe]) => [
      key,
      httpPresenter({
        ...probe,
        accept: (status) => probe.accept.has(status),
        reject: (status) => probe.reject.has(status),
        ca: probe.ca === null ? null : (files.probeCa.get(probe.ca) ?? null),
        clock,
        userAgent: `keyturn-agent/${AGENT_VERSION}`,
      }),
    ]),
  );
  return (ledger) => made.get(verifierKey(ledger.id));
}

interface UplinkParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: AgentEvents;
  readonly telemetry: AgentTelemetry | undefined;
}

function openUplink(
  config: AgentConfig,
  files: ConfigFiles,
  { clock, random, events, telemetry }: UplinkParts,
): Uplink {
  const collector = formatAddress(config.collector.address);
  const tls = files.collectorCa === null ? undefined : { ca: files.collectorCa };
  return createUplink({
    dial: grpcDialer(collector, tls, telemetry?.metadata(events)),
    collector,
    agentVersion: AGENT_VERSION,
    clock,
    random,
    events,
    presenterOf: presenters(config, files, clock),
  });
}
