import type { CheckView, VerdictView } from '../../src/api/schemas/verdict.ts';

export const AT = '2026-11-23T10:00:00.000Z';
export const AT_MS = Date.parse(AT);

export function check(more: Partial<CheckView> = {}): CheckView {
  return {
    id: 'new_key_known',
    status: 'fail',
    class: 'evidence',
    message: '1 verifier without evidence of key new',
    offenders: [],
    offender_count: 0,
    since_at: null,
    clears_at: null,
    help: '',
    ...more,
  };
}

export function verdict(more: Partial<VerdictView> = {}): VerdictView {
  const status = more.status ?? 'closed';
  return {
    rotation_id: 'r-1',
    gate: 'activate',
    ready: status === 'open',
    status,
    summary: `activate is ${status}: reason`,
    checks: [],
    progress: '411/412',
    counts: null,
    weakest_grade: null,
    clears_at: null,
    clears_at_ms: null,
    evaluated_at: AT,
    evaluated_at_ms: AT_MS,
    valid_until: null,
    open_since_at: null,
    revision: 1,
    advised: false,
    advisory: false,
    ...more,
  };
}
