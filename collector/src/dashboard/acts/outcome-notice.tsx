import { Name } from '../ui/name.tsx';
import { dismissOutcome, outcome } from './outcome.ts';

/** What became of an act after the page it began on went away, until somebody has read it. */
export function OutcomeNotice() {
  const text = outcome.value;
  return (
    <div role="status">
      {text === null ? null : (
        <div class="notice">
          <Name text={text} charsMax={600} />{' '}
          <button type="button" onClick={dismissOutcome}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}
