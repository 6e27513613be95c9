import { ID_LIMITS, nameProblem, textProblem } from '../model/ids.ts';
import {
  type Canary,
  type CanaryAnswer,
  PROBE_LIMITS,
  type Probe,
  type ProbeOrders,
  type ProbeResult,
  tokenProblem,
} from '../model/probe.ts';
import { CANARY_OUTCOME, CANARY_ROLE } from './enums.ts';
import type * as wire from './gen/keyturn/v1/fleet.ts';
import { type Checked, type Fields, Inspection } from './inspection.ts';
import { ageToWire, optionalToWire, uint32ToWire } from './numbers.ts';

const STATUS_MAX = 999;

export function probeOrdersToWire(orders: ProbeOrders): wire.Probes {
  return {
    probes: orders.probes.map((probe) => ({
      id: probe.id,
      handle: probe.handle,
      issuer: probe.issuer,
      expiresInMs: uint32ToWire(probe.expiresInMs),
      apartMs: uint32ToWire(Math.ceil(probe.apartMs)),
      canaries: probe.canaries.map(({ role, token }) => ({
        role: CANARY_ROLE.toWire[role],
        token,
      })),
    })),
    withdrawnIds: [...orders.withdrawnIds],
  };
}

/** Reads what a collector asks for. Problems never have a token in them. */
export function probeOrdersFromWire(message: unknown): Checked<ProbeOrders> {
  return Inspection.of((inspection) =>
    inspection.nested('probes', message, (fields) => {
      const { probesPerMessage, withdrawnPerMessage } = PROBE_LIMITS;
      const seen = new Set<string | number>();
      return {
        probes: inspection.messages('probes', fields['probes'], probesPerMessage, (probe) =>
          readProbe(inspection, probe, seen),
        ),
        withdrawnIds: inspection.list(
          'withdrawn_ids',
          fields['withdrawnIds'],
          withdrawnPerMessage,
          (item, place) => readId(inspection, place, item),
        ),
      };
    }),
  );
}

function readProbe(inspection: Inspection, fields: Fields, seen: Set<string | number>): Probe {
  const id = readId(inspection, 'id', fields['id']);
  inspection.once('id', seen, id, 'probe');
  const roles = new Set<string | number>();
  return {
    id,
    handle: inspection.uint32('handle', fields['handle']),
    issuer: inspection.text('issuer', fields['issuer'], (text) =>
      textProblem(text, ID_LIMITS.issuerBytes),
    ),
    expiresInMs: inspection.uint32('expires_in_ms', fields['expiresInMs']),
    apartMs: inspection.uint32('apart_ms', fields['apartMs']),
    canaries: inspection.messages('canaries', fields['canaries'], CANARY_ROLE.words.size, (item) =>
      readCanary(inspection, item, roles),
    ),
  };
}

function readCanary(inspection: Inspection, fields: Fields, roles: Set<string | number>): Canary {
  const role = inspection.word('role', fields['role'], CANARY_ROLE.words);
  inspection.once('role', roles, role, 'role');
  const { token } = fields;
  if (typeof token === 'string')
    return { role, token: inspection.text('token', token, tokenProblem) };
  inspection.refuse('token', 'expected text, got something else');
  return { role, token: '' };
}

export function probeResultsToWire(results: readonly ProbeResult[]): wire.ProbeResults {
  return {
    results: results.map((result) => ({
      probeId: result.probeId,
      handle: result.handle,
      ageMs: ageToWire(result.ageMs, PROBE_LIMITS.ageMs),
      answers: result.answers.map(({ role, outcome, status }) => ({
        role: CANARY_ROLE.toWire[role],
        outcome: CANARY_OUTCOME.toWire[outcome],
        status: optionalToWire(status, (code) => Math.min(uint32ToWire(code), STATUS_MAX)),
      })),
    })),
  };
}

/** Reads what an agent found out. */
export function probeResultsFromWire(message: unknown): Checked<readonly ProbeResult[]> {
  return Inspection.of((inspection) => {
    const { results } = inspection.fields('probe_results', message);
    const seen = new Set<string | number>();
    return inspection.messages('results', results, PROBE_LIMITS.resultsPerMessage, (fields) => {
      const probeId = readId(inspection, 'probe_id', fields['probeId']);
      inspection.once('probe_id', seen, probeId, 'probe');
      return {
        probeId,
        handle: inspection.uint32('handle', fields['handle']),
        ageMs: inspection.whole('age_ms', fields['ageMs'], 0, PROBE_LIMITS.ageMs),
        answers: readAnswers(inspection, fields['answers']),
      };
    });
  });
}

function readAnswers(inspection: Inspection, value: unknown): readonly CanaryAnswer[] {
  const roles = new Set<string | number>();
  return inspection.messages('answers', value, CANARY_ROLE.words.size, (fields) => {
    const role = inspection.word('role', fields['role'], CANARY_ROLE.words);
    inspection.once('role', roles, role, 'role');
    return {
      role,
      outcome: inspection.word('outcome', fields['outcome'], CANARY_OUTCOME.words),
      status: inspection.optionalWhole('status', fields['status'], STATUS_MAX),
    };
  });
}

function readId(inspection: Inspection, place: string, value: unknown): string {
  return inspection.text(place, value, (text) => nameProblem(text, PROBE_LIMITS.probeIdBytes));
}
