import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { integer } from '@keyturn/shared/settings/fields.ts';
import { z } from 'zod';
import { reports, type ServiceKind } from '../core/kinds.ts';
import type { ProblemList } from './problem-list.ts';

const INSTANCES_MAX = 1_000_000;

const countSchema = integer(0, INSTANCES_MAX);

const rangeSchema = z.strictObject({ min: countSchema, max: integer(1, INSTANCES_MAX) });

export interface Instances {
  /** The number, or the lower end of a range; null: not declared. */
  readonly instances: number | null;
  /** The upper end of a range. */
  readonly instancesMax: number | null;
}

const UNDECLARED: Instances = { instances: null, instancesMax: null };

/** `instances: 3`, or `instances: {min: 2, max: 20}` of a service that scales by itself. */
export function instancesOf(
  value: unknown,
  kind: ServiceKind,
  path: KeyPath,
  problems: ProblemList,
): Instances {
  if (value === undefined) return UNDECLARED;
  const at = [...path, 'instances'];
  if (kind === 'unmanaged') {
    problems.add(at, 'expected none for kind unmanaged: nobody can count its instances');
    return UNDECLARED;
  }
  if (typeof value !== 'object' || value === null) {
    const count = problems.check(countSchema, value, at);
    return count === undefined ? UNDECLARED : { instances: count, instancesMax: null };
  }
  const range = problems.check(rangeSchema, value, at);
  if (range === undefined) return UNDECLARED;
  if (range.max < range.min) {
    problems.add([...at, 'max'], `expected at least min, ${range.min}, got ${range.max}`);
  }
  if (!reports(kind)) {
    problems.add(
      at,
      `expected a number for kind ${kind}: no instance of it reports, so none is seen to come or go`,
    );
  }
  return { instances: range.min, instancesMax: range.max };
}
