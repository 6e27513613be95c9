/** `0`, `0.04`, `3.2`, `120`, `4.5 k`: a number as it is read at a glance. */
export function amountText(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${trimmed(value / 1_000_000, 1)} M`;
  if (size >= 9_995) return `${trimmed(value / 1_000, 1)} k`;
  if (size >= 99.95) return String(Math.round(value));
  if (size >= 9.995) return trimmed(value, 1);
  return trimmed(value, size < 0.1 ? 3 : 2);
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
