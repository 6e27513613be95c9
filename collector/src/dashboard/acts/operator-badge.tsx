import { Name } from '../ui/name.tsx';
import { lock, operator } from './operator.ts';

/** Says in the header whether this page can act, and as whom. */
export function OperatorBadge() {
  const who = operator.value;
  if (who.kind === 'read_only') {
    return (
      <p class="operator" role="status">
        read-only
        {who.because === null ? null : <span class="visually-hidden"> {who.because}</span>}
      </p>
    );
  }
  return (
    <p class="operator unlocked" role="status">
      acting as <Name text={who.by} charsMax={30} />
      <button type="button" onClick={() => lock()}>
        lock
      </button>
    </p>
  );
}
