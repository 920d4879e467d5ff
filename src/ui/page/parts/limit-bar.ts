/** One limit: how much of it is free, as a bar, and when more of it is. */
import { html } from 'htm/preact'
import type { LimitState } from '../../../api/console/page-answers.ts'
import { amount, countdown, dollars, limitName, t } from '../text.ts'

export function LimitBar({ limit, at, now }: { limit: LimitState; at: number; now: number }) {
  const { level, amount: all, nextFree, fullIn } = limit
  const share = all > 0 ? Math.max(0, Math.min(1, level / all)) : 0
  const name = limitName(limit.limit)
  const isMoney = limit.limit.startsWith('usd')
  const shown = (value: number): string => (isMoney ? dollars(value) : amount(value))
  const free = t('pool.free', { level: shown(Math.max(0, Math.floor(level * 100) / 100)), amount: shown(all) })
  // the server's clock and this one's need not agree to the second
  const passed = Math.max(0, now - at)
  // also where some is left: whoever was refused rests
  const isResting = nextFree === null || nextFree > passed
  const next =
    nextFree === null
      ? t('pool.event')
      : isResting
        ? t('pool.next', { time: countdown(nextFree - passed) })
        : fullIn !== null && fullIn > passed
          ? t('pool.full', { time: countdown(fullIn - passed) })
          : ''
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
    <span class="limit-level">${free}${next && html`<span class=${isResting ? 'next' : ''}> · ${next}</span>`}</span>
  </div>`
}
