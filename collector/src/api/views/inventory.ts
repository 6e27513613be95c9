import { z } from 'zod';
import { alertIdentity, isFiring } from '../../core/alerts/alert.ts';
import type { Group } from '../../core/fleet.ts';
import { reports } from '../../core/kinds.ts';
import type { RotationRecord } from '../../core/records.ts';
import { openRotations } from '../../core/rotation.ts';
import type { State } from '../../core/state.ts';
import { filterArgument } from '../live/filter-argument.ts';
import {
  type InventoryView,
  SERVICE_CONDITIONS,
  type ServiceCondition,
  type ServiceRowView,
} from '../schemas/live-inventory.ts';
import { rotationReference } from './rotation-glance.ts';
import { groupView, serviceView } from './services.ts';

const SERVICES_SHOWN_MAX = 300;
const ISSUERS_SHOWN_MAX = 200;
const ROTATIONS_SHOWN_MAX = 40;
const ISSUERS_PER_SERVICE_MAX = 10;

const FilterSchema = z.strictObject({
  state: z.enum([...SERVICE_CONDITIONS, 'in_order']).optional(),
  issuer: z.string().max(512).optional(),
  q: z.string().max(100).optional(),
});

type Filter = z.output<typeof FilterSchema>;

/** Services that verify tokens, and what is the matter with each; undefined: not understood. */
export function inventoryView(
  state: State,
  nowMs: number,
  argument: string,
): InventoryView | undefined {
  const filter = filterArgument(FilterSchema, argument);
  if (filter === undefined) return undefined;
  const open = openRotations(state).slice(0, ROTATIONS_SHOWN_MAX);
  const all = rowsOf(state, open, nowMs);
  const matching = all.filter((row) => isAsked(row, filter)).sort(byNeed);
  return {
    counts: countsOf(all),
    matching: matching.length,
    services: matching.slice(0, SERVICES_SHOWN_MAX).map((row) => shortened(row, filter.issuer)),
    more: Math.max(0, matching.length - SERVICES_SHOWN_MAX),
    issuers: [...state.fleet.groups.keys()].sort().slice(0, ISSUERS_SHOWN_MAX),
    rotations: open.map(rotationReference),
  };
}

type Row = Omit<ServiceRowView, 'conditions' | 'issuers' | 'more_issuers'> & {
  conditions: ServiceCondition[];
  readonly issuers: ServiceRowView['issuers'][number][];
};

function rowsOf(state: State, open: readonly RotationRecord[], nowMs: number): Row[] {
  const rows = new Map<string, Row>();
  for (const [issuer, groups] of state.fleet.groups) {
    const concerned = open.filter((rotation) => rotation.issuer === issuer);
    for (const group of groups.values()) {
      const { name } = group.service;
      let row = rows.get(name);
      if (row === undefined) {
        row = { ...serviceView(group), conditions: [], issuers: [] };
        rows.set(name, row);
      }
      const view = groupView(state, group, concerned, nowMs);
      const conditions = conditionsOf(group, view);
      row.issuers.push({ ...view, conditions, hidden_alert_id: hiddenAlert(state, group) });
      row.conditions = SERVICE_CONDITIONS.filter(
        (each) => row.conditions.includes(each) || conditions.includes(each),
      );
    }
  }
  return [...rows.values()];
}

function shortened(row: Row, asked: string | undefined): ServiceRowView {
  const issuers = row.issuers.toSorted(
    (a, b) =>
      Number(b.issuer === asked) - Number(a.issuer === asked) ||
      needOf(a) - needOf(b) ||
      (a.issuer < b.issuer ? -1 : 1),
  );
  return {
    ...row,
    issuers: issuers.slice(0, ISSUERS_PER_SERVICE_MAX),
    more_issuers: Math.max(0, issuers.length - ISSUERS_PER_SERVICE_MAX),
  };
}

function conditionsOf(
  group: Group,
  { instances_live: live, waits_for: waits }: ReturnType<typeof groupView>,
): readonly ServiceCondition[] {
  const { service, members, silent } = group;
  const isHeard = reports(service.kind);
  const expected = service.instances ?? (service.declared ? 1 : 0);
  const isNeverSeen = service.declared && isHeard && expected > 0 && members.size === 0;
  return SERVICE_CONDITIONS.filter((condition) => {
    switch (condition) {
      case 'undeclared':
        return members.size > 0 && !service.issuers.includes(group.issuer);
      case 'never_seen':
        return isNeverSeen;
      case 'short':
        return !isNeverSeen && isHeard && live < (service.instances ?? 0);
      case 'silent':
        return silent.size > 0;
      case 'waiting':
        return service.required && waits.some(({ what }) => what.length > 0);
    }
  });
}

function hiddenAlert(state: Readonly<State>, { issuer, service }: Group): string | null {
  const identity = alertIdentity('HiddenDependent', { issuer, service: service.name });
  const alert = state.alerts.get(identity);
  return alert !== undefined && isFiring(alert) ? alert.id : null;
}

function isAsked({ conditions, issuers, name }: Row, { issuer, q, state }: Filter): boolean {
  if (state === 'in_order' && conditions.length > 0) return false;
  if (state !== undefined && state !== 'in_order' && !conditions.includes(state)) return false;
  if (issuer !== undefined && !issuers.some((each) => each.issuer === issuer)) return false;
  return q === undefined || name.toLowerCase().includes(q.toLowerCase());
}

function countsOf(rows: readonly Row[]): InventoryView['counts'] {
  const having = (condition: ServiceCondition): number =>
    rows.filter(({ conditions }) => conditions.includes(condition)).length;
  return {
    all: rows.length,
    declared: rows.filter(({ declared }) => declared).length,
    in_order: rows.filter(({ conditions }) => conditions.length === 0).length,
    undeclared: having('undeclared'),
    never_seen: having('never_seen'),
    short: having('short'),
    silent: having('silent'),
    waiting: having('waiting'),
  };
}

function byNeed(a: Row, b: Row): number {
  return needOf(a) - needOf(b) || (a.name < b.name ? -1 : 1);
}

function needOf({ conditions: [worst] }: Pick<ServiceRowView, 'conditions'>): number {
  return worst === undefined ? SERVICE_CONDITIONS.length : SERVICE_CONDITIONS.indexOf(worst);
}
