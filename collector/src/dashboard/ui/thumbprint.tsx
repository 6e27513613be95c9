import { CopyButton } from './copy-button.tsx';

const SHOWN_CHARS = 10;

/** The start of a thumbprint, and a button that copies the whole of it. */
export function Thumbprint({ text }: { readonly text: string }) {
  if (text === '') return <span class="soft">none: a shared secret</span>;
  return (
    <span class="thumbprint">
      <code title={text}>{text.slice(0, SHOWN_CHARS)}…</code>
      <CopyButton text={() => text} />
    </span>
  );
}
