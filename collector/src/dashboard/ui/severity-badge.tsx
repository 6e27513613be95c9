import type { AlertView } from '../../api/schemas/alert.ts';

// Octagon, triangle, ring: told apart without colour.
const SHAPES: Readonly<Record<AlertView['severity'], string>> = {
  critical: 'M3 0H7L10 3V7L7 10H3L0 7V3Z',
  warning: 'M5 .5 10 9.5H0Z',
  info: 'M5 0a5 5 0 1 0 0 10A5 5 0 1 0 5 0M5 2a3 3 0 1 1 0 6a3 3 0 1 1 0-6',
};

/** How much an alert matters, by shape, word and colour; pale when it does not fire. */
export function SeverityBadge({
  severity,
  firing,
}: {
  readonly severity: AlertView['severity'];
  readonly firing: boolean;
}) {
  return (
    <span class={`badge severity ${severity} ${firing ? '' : 'past'}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={SHAPES[severity]} fill-rule="evenodd" />
      </svg>
      {severity.toUpperCase()}
    </span>
  );
}
