import { fresh, tick } from '../live/live.ts';
import { query, route } from '../navigation.ts';
import { pageTitle } from '../tab/tab.ts';
import { At } from '../ui/moment.tsx';
import { visibleText } from '../ui/visible-text.ts';

/** Stands at the top of a page on paper: what it is, of when, and where it came from. */
export function PrintHead() {
  const last = tick.value;
  // Read, so that the address is that of the page that is shown.
  const isAddressed = route.value.page !== 'unknown' || query.value.size > 0;
  return (
    <div class="print-head">
      <p>
        <strong>Keyturn</strong> · {pageTitle.value}
      </p>
      <p>
        {last === null ? (
          'Nothing was heard of the collector.'
        ) : (
          <>
            As of <At at={last.now_at} />, by the collector's clock
            {fresh.value.kind === 'live' ? '.' : ': OLD NEWS, it is not heard of since.'}
          </>
        )}{' '}
        {isAddressed ? visibleText(location.href) : ''}
      </p>
    </div>
  );
}
