import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A part of a page with a heading of its own. */
export function Card({
  title,
  level = 2,
  aside,
  tone,
  children,
}: {
  readonly title: ComponentChildren;
  readonly level?: 2 | 3;
  /** Stands at the end of the heading's line. */
  readonly aside?: ComponentChildren;
  readonly tone?: 'alarm' | 'quiet';
  readonly children: ComponentChildren;
}) {
  const id = useId();
  const Heading = `h${level}` as const;
  return (
    <section class={`card ${tone ?? ''}`} aria-labelledby={id}>
      <header class="card-head">
        <Heading id={id}>{title}</Heading>
        {aside === undefined ? null : <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
