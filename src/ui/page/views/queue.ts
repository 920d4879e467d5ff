/** Who waits, for which model, until when, and what for. */
import { html } from 'htm/preact'
import type { Picture, WaitingReport } from '../../../api/console/page-answers.ts'
import { picture } from '../live.ts'
import { Table } from '../parts/table.ts'
import { now, useValue } from '../state.ts'
import { countdown, duration, t } from '../text.ts'

export function Queue() {
  const seen = useValue(picture)
  if (!seen)
    return html`<h1>${t('queue.title')}</h1>
      <p class="empty">${t('app.loading')}</p>`
  const queues = Map.groupBy(seen.waiting, ({ model }) => model)
  return html`
    <h1>${t('queue.title')}</h1>
    ${queues.size === 0 && html`<p class="empty">${t('queue.empty')}</p>`}
    ${[...queues].map(([model, list]) => html`<${OfModel} key=${model} model=${model} list=${list} seen=${seen} />`)}
  `
}

function OfModel({ model, list, seen }: { model: string; list: WaitingReport[]; seen: Picture }) {
  const passed = Math.max(0, useValue(now) - seen.at)
  const all = seen.pools.find((pool) => pool.model === model)?.queued ?? list.length
  return html`<section class="card" aria-label=${model}>
    <h2>${t('queue.byModel', { model, n: all })}</h2>
    <${Table}
      is="queue"
      columns=${[[t('queue.place'), 'num'], t('queue.client'), [t('queue.waited'), 'num'], [t('queue.eta'), 'num'], [t('queue.patience'), 'num'], t('queue.why')]}
      rows=${list.map((each) => html`<${Row} key=${each.id ?? each.place} each=${each} passed=${passed} />`)}
    />
    ${all > list.length && html`<p class="note">${t('queue.more', { n: all - list.length })}</p>`}
  </section>`
}

function Row({ each, passed }: { each: WaitingReport; passed: number }) {
  const { place, client, waited, patience, eta, guessed, key, reason = '', held } = each
  const isLate = eta !== null && eta > patience
  return html`<tr data-late=${isLate ? 'yes' : undefined}>
    <td class="num">${place}</td>
    <td class="nowrap">${client === '' ? html`<span class="muted">${t('queue.anonymous')}</span>` : client}</td>
    <td class="num">${duration(waited + passed)}</td>
    <td class="num">
      <strong
        >${eta === null ? t('queue.unknown') : guessed ? `≈ ${countdown(Math.max(1, eta - passed))}` : countdown(eta - passed)}</strong
      >${isLate && html`<br /><span class="fault">${t('queue.late')}</span>`}
    </td>
    <td class="num">${countdown(patience - passed)}</td>
    <td class="why">
      ${key && !reason.startsWith(key) && html`<strong>${key}</strong> `}${held ? t('queue.held') : reason}
    </td>
  </tr>`
}
