import { useState } from 'preact/hooks';

const SAID_MS = 2_000;

/** Copies a text, made when it is asked for, and says whether that worked. */
export function CopyButton({
  text,
  label = 'Copy',
}: {
  readonly text: () => string;
  readonly label?: string;
}) {
  const [said, setSaid] = useState('');
  const copy = (): void => {
    copied(text()).then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed by the browser'),
    );
    setTimeout(() => setSaid(''), SAID_MS);
  };
  return (
    <button type="button" class="copy" onClick={copy}>
      {label}
      <span role="status">{said === '' ? '' : ` · ${said}`}</span>
    </button>
  );
}

/** Over plain HTTP from another machine, browsers have no clipboard at all. */
async function copied(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
