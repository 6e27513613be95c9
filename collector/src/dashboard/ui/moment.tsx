import { formatDuration } from './duration.ts';
import { nowMs } from '../live/live.ts';

/** How long ago something was, with the moment itself at hand. Runs on by itself. */
export function Ago({ at }: { readonly at: string }) {
  const ms = nowMs.value - Date.parse(at);
  return (
    <time dateTime={at} title={at}>
      {ms < 1_000 ? 'just now' : `${formatDuration(ms)} ago`}
    </time>
  );
}

/** How long it is until something, or that it is due. */
export function Until({ at }: { readonly at: string }) {
  const ms = Date.parse(at) - nowMs.value;
  return (
    <time dateTime={at} title={at}>
      {ms > 0 ? `in ${formatDuration(ms)}` : 'now'}
    </time>
  );
}

/** A moment as date and time, UTC, as logs and the audit trail have it. */
export function At({ at }: { readonly at: string }) {
  return <time dateTime={at}>{`${at.slice(0, 10)} ${at.slice(11, 19)} UTC`}</time>;
}
