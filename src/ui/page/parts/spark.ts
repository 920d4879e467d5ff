/** A small line of the last minutes, with its newest value. */
import { html } from 'htm/preact'
import { amount } from '../text.ts'

const WIDTH = 300
const HEIGHT = 36

export function Spark({ label, values, tone }: { label: string; values: number[]; tone: string }) {
  const most = Math.max(1, ...values) * 1.25
  const step = WIDTH / Math.max(1, values.length - 1)
  const line = values
    .map((value, index) => `${(index * step).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`)
    .join(' ')
  const last = values.at(-1) ?? 0
  return html`<figure>
    <figcaption>${label} <strong>${amount(last)}</strong></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" data-tone=${tone}>
      <polyline points=${line} />
    </svg>
  </figure>`
}
