/** One limit: how much of it is free, as a bar, and when more of it is. */
import { html } from 'htm/preact'
import type { LimitState } from '../live.ts'
import { amount, countdown, limitName, t } from '../text.ts'

export function LimitBar({ limit, at, now }: { limit: LimitState; at: number; now: number }) {
  const { level, amount: all, nextFree } = limit
  const share = all > 0 ? Math.max(0, Math.min(1, level / all)) : 0
  const name = limitName(limit.limit)
  const free = t('pool.free', { level: amount(Math.max(0, Math.floor(level * 100) / 100)), amount: amount(all) })
  const left = nextFree === null ? null : nextFree - (now - at)
  // also where some is left: whoever was refused rests
  const isResting = left === null || left > 0
  const next = left === null ? t('pool.event') : isResting ? t('pool.next', { time: countdown(left) }) : ''
  return html`<div class="limit" title=${limit.learnt ?? ''}>
    <span class="limit-name">${name}${limit.learnt ? html`<span aria-hidden="true"> *</span>` : ''}</span>
    <span
      class="bar"
      role="meter"
      aria-label=${name}
      aria-valuemin="0"
      aria-valuemax=${all}
      aria-valuenow=${Math.max(0, Math.min(all, level))}
      aria-valuetext=${free}
      data-low=${isResting || share < 0.15 ? 'yes' : undefined}
    >
      <span style=${{ width: `${Math.round(share * 1000) / 10}%` }}></span>
    </span>
    <span class="limit-level">${free}${next && html`<span class="next"> · ${next}</span>`}</span>
  </div>`
}
