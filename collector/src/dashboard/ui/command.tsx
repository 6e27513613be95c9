import { CopyButton } from './copy-button.tsx';
import { visibleText } from './visible-text.ts';

/** A command to type, as it is, with a button that copies it. */
export function Command({ text }: { readonly text: string }) {
  return (
    <span class="command">
      <code>{visibleText(text)}</code>
      <CopyButton text={() => text} />
    </span>
  );
}
