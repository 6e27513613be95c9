import { ID_LIMITS, nameProblem, textProblem, verifierKey } from '../model/ids.ts';
import {
  type Ack,
  type Assignment,
  type Goodbye,
  type Hello,
  REPORT_LIMITS,
  type Settings,
  type VerifierHello,
  type Welcome,
} from '../model/report.ts';
import { plainText } from '../shown.ts';
import { ACK_RESULT, CACHE_KIND, SOURCE } from './enums.ts';
import type * as wire from './gen/keyturn/v1/fleet.ts';
import { type Checked, type Fields, Inspection } from './inspection.ts';
import { countToWire, uint32ToWire } from './numbers.ts';

const BOOT_ID_BYTES = 16;

const MIN_SAFE = Number.MIN_SAFE_INTEGER;

export function helloToWire(hello: Hello): wire.Hello {
  return {
    bootId: Buffer.from(hello.bootId, 'hex'),
    agentVersion: plainText(hello.agentVersion, REPORT_LIMITS.agentVersionBytes),
    verifiers: hello.verifiers.map((verifier) => ({
      handle: verifier.handle,
      service: verifier.id.service,
      instance: verifier.id.instance,
      cache: verifier.id.cache,
      profile: verifier.profile,
      source: SOURCE.toWire[verifier.source],
      issuers: [...verifier.issuers],
      probes: verifier.probes === true,
      keyKind: CACHE_KIND.toWire[verifier.cacheKind],
    })),
    wallUnixMs: Number.isFinite(hello.wallUnixMs) ? Math.trunc(hello.wallUnixMs) : 0,
  };
}

/** Reads a peer's hello; the whole of it is refused for one bad verifier. */
export function helloFromWire(message: unknown): Checked<Hello> {
  return Inspection.of((inspection) =>
    inspection.nested('hello', message, (fields) => {
      const handles = new Set<string | number>();
      const identities = new Set<string | number>();
      return {
        bootId: inspection.bytes('boot_id', fields['bootId'], BOOT_ID_BYTES).toString('hex'),
        agentVersion: optionalText(
          inspection,
          'agent_version',
          fields['agentVersion'],
          REPORT_LIMITS.agentVersionBytes,
        ),
        verifiers: inspection.messages(
          'verifiers',
          fields['verifiers'],
          REPORT_LIMITS.verifiersPerSession,
          (verifier) => readVerifier(inspection, verifier, handles, identities),
        ),
        wallUnixMs: inspection.whole('wall_unix_ms', fields['wallUnixMs'], MIN_SAFE),
      };
    }),
  );
}

function readVerifier(
  inspection: Inspection,
  fields: Fields,
  handles: Set<string | number>,
  identities: Set<string | number>,
): VerifierHello {
  const name = (field: string, bytesMax: number): string =>
    inspection.text(field, fields[field], (text) => nameProblem(text, bytesMax));
  const handle = inspection.uint32('handle', fields['handle']);
  inspection.once('handle', handles, handle, 'handle');
  const id = {
    service: name('service', ID_LIMITS.serviceBytes),
    instance: name('instance', ID_LIMITS.instanceBytes),
    cache: name('cache', ID_LIMITS.cacheBytes),
  };
  inspection.once('service', identities, verifierKey(id), 'service, instance and cache');
  return {
    handle,
    id,
    profile: fields['profile'] === '' ? '' : name('profile', ID_LIMITS.serviceBytes),
    source: inspection.word('source', fields['source'], SOURCE.words),
    issuers: readIssuers(inspection, fields['issuers']),
    ...(fields['probes'] === true ? { probes: true } : {}),
    cacheKind: inspection.word('key_kind', fields['keyKind'], CACHE_KIND.words),
  };
}

function readIssuers(inspection: Inspection, value: unknown): readonly string[] {
  const seen = new Set<string | number>();
  return inspection.list('issuers', value, REPORT_LIMITS.issuersPerVerifier, (item, place) => {
    const issuer = inspection.text(place, item, (text) => textProblem(text, ID_LIMITS.issuerBytes));
    inspection.once(place, seen, issuer, 'issuer');
    return issuer;
  });
}

export function goodbyeToWire(goodbye: Goodbye): wire.Goodbye {
  return {
    handles: [...goodbye.handles],
    reason: plainText(goodbye.reason, REPORT_LIMITS.reasonBytes),
  };
}

export function goodbyeFromWire(message: unknown): Checked<Goodbye> {
  return Inspection.of((inspection) =>
    inspection.nested('goodbye', message, (fields) => {
      const seen = new Set<string | number>();
      return {
        handles: inspection.list(
          'handles',
          fields['handles'],
          REPORT_LIMITS.verifiersPerSession,
          (item, place) => {
            const handle = inspection.uint32(place, item);
            inspection.once(place, seen, handle, 'handle');
            return handle;
          },
        ),
        reason: optionalText(inspection, 'reason', fields['reason'], REPORT_LIMITS.reasonBytes),
      };
    }),
  );
}

export function welcomeToWire(welcome: Welcome): wire.Welcome {
  return {
    assignments: welcome.assignments.map((assignment) => ({
      ...assignment,
      refused: plainText(assignment.refused, REPORT_LIMITS.reasonBytes),
    })),
    settings: settingsToWire(welcome.settings),
  };
}

export function welcomeFromWire(message: unknown): Checked<Welcome> {
  return Inspection.of((inspection) =>
    inspection.nested('welcome', message, (fields) => {
      const handles = new Set<string | number>();
      return {
        assignments: inspection.messages(
          'assignments',
          fields['assignments'],
          REPORT_LIMITS.verifiersPerSession,
          (assignment) => readAssignment(inspection, assignment, handles),
        ),
        settings: inspection.nested('settings', fields['settings'], (settings) =>
          readSettings(inspection, settings),
        ),
      };
    }),
  );
}

function readAssignment(
  inspection: Inspection,
  fields: Fields,
  handles: Set<string | number>,
): Assignment {
  const handle = inspection.uint32('handle', fields['handle']);
  inspection.once('handle', handles, handle, 'handle');
  const refused = optionalText(inspection, 'refused', fields['refused'], REPORT_LIMITS.reasonBytes);
  return {
    handle,
    // A refused verifier has no epoch.
    epoch: inspection.whole('epoch', fields['epoch'], refused === '' ? 1 : 0),
    committedSeq: inspection.whole('committed_seq', fields['committedSeq']),
    refused,
  };
}

export function settingsToWire(settings: Settings): wire.Settings {
  return {
    reportIntervalMs: uint32ToWire(settings.reportIntervalMs),
    leaseMs: uint32ToWire(settings.leaseMs),
    holdDownRemainingMs: uint32ToWire(settings.holdDownRemainingMs),
    reconnectWindowMs: uint32ToWire(settings.reconnectWindowMs),
    watchedKeys: settings.watchedKeys
      .slice(0, REPORT_LIMITS.watchedKeys)
      .map(({ issuer, kid, secret }) => ({ issuer, kid, secret })),
  };
}

export function settingsFromWire(message: unknown): Checked<Settings> {
  return Inspection.of((inspection) =>
    inspection.nested('settings', message, (fields) => readSettings(inspection, fields)),
  );
}

function readSettings(inspection: Inspection, fields: Fields): Settings {
  return {
    reportIntervalMs: inspection.whole(
      'report_interval_ms',
      fields['reportIntervalMs'],
      REPORT_LIMITS.reportIntervalMsMin,
      REPORT_LIMITS.reportIntervalMsMax,
    ),
    leaseMs: inspection.uint32('lease_ms', fields['leaseMs']),
    holdDownRemainingMs: inspection.uint32('hold_down_remaining_ms', fields['holdDownRemainingMs']),
    reconnectWindowMs: inspection.uint32('reconnect_window_ms', fields['reconnectWindowMs']),
    watchedKeys: inspection.messages(
      'watched_keys',
      fields['watchedKeys'],
      REPORT_LIMITS.watchedKeys,
      (key) => ({
        issuer: inspection.text('issuer', key['issuer'], (text) =>
          textProblem(text, ID_LIMITS.issuerBytes),
        ),
        kid: inspection.text('kid', key['kid'], (text) => textProblem(text, ID_LIMITS.kidBytes)),
        secret: inspection.flag('secret', key['secret']),
      }),
    ),
  };
}

export function ackToWire(ack: Ack): wire.Ack {
  return {
    handle: ack.handle,
    epoch: countToWire(ack.epoch),
    seq: countToWire(ack.seq),
    result: ACK_RESULT.toWire[ack.result],
    reason: plainText(ack.reason, REPORT_LIMITS.reasonBytes),
  };
}

export function ackFromWire(message: unknown): Checked<Ack> {
  return Inspection.of((inspection) =>
    inspection.nested('ack', message, (fields) => readAck(inspection, fields)),
  );
}

export function acksToWire(acks: readonly Ack[]): wire.Acks {
  return { acks: acks.map(ackToWire) };
}

export function acksFromWire(message: unknown): Checked<readonly Ack[]> {
  return Inspection.of((inspection) => {
    const { acks } = inspection.fields('acks', message);
    return inspection.messages('acks', acks, REPORT_LIMITS.reportsPerMessage, (ack) =>
      readAck(inspection, ack),
    );
  });
}

function readAck(inspection: Inspection, fields: Fields): Ack {
  return {
    handle: inspection.uint32('handle', fields['handle']),
    epoch: inspection.whole('epoch', fields['epoch']),
    seq: inspection.whole('seq', fields['seq']),
    result: inspection.word('result', fields['result'], ACK_RESULT.words),
    reason: optionalText(inspection, 'reason', fields['reason'], REPORT_LIMITS.reasonBytes),
  };
}

function optionalText(
  inspection: Inspection,
  name: string,
  value: unknown,
  bytesMax: number,
): string {
  return value === '' ? '' : inspection.text(name, value, (text) => textProblem(text, bytesMax));
}
