/**
 * On paper nothing can be opened: what is folded is shown whole, and folded again afterwards. Pages of
 * facts for machines (class `raw`) stay as the reader has them.
 */
export function startPrinting(): void {
  let opened: readonly HTMLDetailsElement[] = [];
  const dark = matchMedia('(prefers-color-scheme: dark)');
  addEventListener('beforeprint', () => {
    // Charts are painted for the screen; see style/print.css.
    document.documentElement.classList.toggle('was-dark', dark.matches);
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open], .raw)')];
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
}
