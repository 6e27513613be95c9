import { holdingOf } from './holding.ts';
import type { Held, RowChange } from './row-store.ts';
import type { FleetHead, ServiceEntry, VerifierRow } from './verifier-row.ts';

/** How many verifiers of a service hold a key. */
export interface MatrixCell {
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
}

/** One service with its cells in the order of the columns. */
export interface MatrixService {
  readonly service: ServiceEntry;
  readonly cells: readonly MatrixCell[];
  readonly members: ReadonlySet<Held>;
}

/** One key of the issuer. */
export interface MatrixColumn {
  /** Its place in the head. */
  readonly key: number;
  readonly kid: string;
  readonly role: 'old' | 'new' | null;
  readonly withdrawn: boolean;
}

const COLUMNS_MAX = 12;

/** The issuer's keys: those of open rotations first, then served ones, then withdrawn, latest first. */
export function matrixColumns(head: FleetHead, issuer: number): readonly MatrixColumn[] {
  const roles = new Map<number, 'old' | 'new'>();
  for (const rotation of head.rotations) {
    if (rotation.issuer !== issuer) continue;
    if (rotation.old_key !== null) roles.set(rotation.old_key, 'old');
    if (rotation.new_key !== null) roles.set(rotation.new_key, 'new');
  }
  const columns: MatrixColumn[] = [];
  for (const [key, { issuer: of, kid, withdrawn_at: withdrawnAt }] of head.keys.entries()) {
    if (of !== issuer) continue;
    columns.push({ key, kid, role: roles.get(key) ?? null, withdrawn: withdrawnAt !== null });
  }
  const rank = ({ role, withdrawn }: MatrixColumn): number =>
    role === 'old' ? 0 : role === 'new' ? 1 : withdrawn ? 3 : 2;
  return columns.sort((a, b) => rank(a) - rank(b) || b.key - a.key).slice(0, COLUMNS_MAX);
}

interface Counted {
  readonly service: string;
  readonly holdings: readonly (keyof MatrixCell | null)[];
}

interface Group {
  service: ServiceEntry;
  readonly cells: MatrixCell[];
  readonly members: Set<Held>;
}

/** Services against keys of one issuer, kept in step with the rows: a change costs its own row. */
export class FleetMatrix {
  readonly columns: readonly MatrixColumn[];
  readonly #head: FleetHead;
  readonly #groups = new Map<string, Group>();
  readonly #counted = new Map<Held, Counted>();
  #services: readonly MatrixService[] | null = null;

  constructor(all: Iterable<Held>, head: FleetHead, issuer: number) {
    this.#head = head;
    this.columns = matrixColumns(head, issuer);
    for (const held of all) this.#add(held, held.row);
  }

  /** By how many lack a key or say nothing of it, then by name; another list after each change. */
  get services(): readonly MatrixService[] {
    this.#services ??= [...this.#groups.values()].sort(
      (a, b) =>
        this.#shortfall(b) - this.#shortfall(a) || (a.service.name < b.service.name ? -1 : 1),
    );
    return this.#services;
  }

  apply(changes: readonly RowChange[]): void {
    for (const { held, after } of changes) {
      const before = this.#counted.get(held);
      const holdings = after === null ? null : this.#holdings(after);
      if (before !== undefined && isSame(before, after, holdings)) continue;
      this.#remove(held);
      if (after !== null) this.#add(held, after);
    }
  }

  /** Of the new key, where there is one: how many stand between a service and its readiness. */
  #shortfall({ cells }: Group): number {
    const at = this.columns.findIndex(({ role }) => role === 'new');
    const cell = cells[Math.max(0, at)];
    return cell === undefined ? 0 : cell.no + cell.unknown;
  }

  #holdings(row: VerifierRow): Counted['holdings'] {
    return this.columns.map(({ key }) => holdingOf(row, key, this.#head));
  }

  #add(held: Held, row: VerifierRow): void {
    const holdings = this.#holdings(row);
    if (holdings.every((holding) => holding === null)) return;
    const { name } = row.service;
    let group = this.#groups.get(name);
    if (group === undefined) {
      const cells = this.columns.map(() => ({ yes: 0, no: 0, unknown: 0 }));
      this.#groups.set(name, (group = { service: row.service, cells, members: new Set() }));
    }
    group.service = row.service;
    group.members.add(held);
    count(group, holdings, 1);
    this.#counted.set(held, { service: name, holdings });
    this.#services = null;
  }

  #remove(held: Held): void {
    const counted = this.#counted.get(held);
    if (counted === undefined) return;
    this.#counted.delete(held);
    this.#services = null;
    const group = this.#groups.get(counted.service);
    if (group === undefined) return;
    group.members.delete(held);
    count(group, counted.holdings, -1);
    if (group.members.size === 0) this.#groups.delete(counted.service);
  }
}

function isSame(before: Counted, after: VerifierRow | null, holdings: Counted['holdings'] | null) {
  return (
    after !== null &&
    before.service === after.service.name &&
    before.holdings.every((holding, at) => holding === holdings?.[at])
  );
}

function count({ cells }: Group, holdings: Counted['holdings'], by: 1 | -1): void {
  for (const [at, holding] of holdings.entries()) {
    const cell = cells[at];
    if (cell !== undefined && holding !== null)
      cells[at] = { ...cell, [holding]: cell[holding] + by };
  }
}
