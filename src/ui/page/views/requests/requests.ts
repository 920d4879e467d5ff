/** The log of requests: searched, followed, and one of them in full. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import type { StoredRecord } from '../../../../api/console/page-answers.ts'
import { ask, query } from '../../api.ts'
import { Fault, useFetched } from '../../parts/fetched.ts'
import { Table } from '../../parts/table.ts'
import { valueOf } from '../../parts/value-of.ts'
import { amount, clock, dollars, duration, known, t, type Word } from '../../text.ts'
import { OneRequest } from './one-request.ts'

const FIELDS = ['client', 'model', 'provider', 'key'] as const
const AT_ONCE = 50
const EVERY = 2000

type Filter = Partial<Record<(typeof FIELDS)[number], string>> & { failed?: boolean }

export function Requests({ detail }: { detail: string }) {
  return detail === '' ? html`<${List} />` : html`<${OneRequest} id=${detail} />`
}

function List() {
  const [filter, setFilter] = useState<Filter>({})
  const [follows, setFollows] = useState(true)
  const [earlier, setEarlier] = useState<StoredRecord[]>([])
  const [id, setId] = useState('')
  const asked = query({ ...filter, limit: AT_ONCE })
  const { value, error } = useFetched(
    () => ask<{ data: StoredRecord[] }>(`/v1/admin/requests?${asked}`),
    asked,
    follows ? EVERY : 0,
  )
  const fresh = (value?.data ?? []).toReversed()
  const oldest = fresh.at(-1)?.number ?? Infinity
  // those that were asked for before may be among the fresh ones still
  const rows = [...fresh, ...earlier.filter(({ number }) => number < oldest)]
  const change = (next: Filter): void => {
    setFilter({ ...filter, ...next })
    setEarlier([])
  }
  const more = async (): Promise<void> => {
    const before = rows.at(-1)?.number
    const { data } = await ask<{ data: StoredRecord[] }>(
      `/v1/admin/requests?${query({ ...filter, limit: AT_ONCE, before })}`,
    )
    setEarlier([...rows.filter(({ number }) => number < oldest || earlier.length === 0), ...data.toReversed()])
    if (data.length > 0) setFollows(false)
  }
  const open = (event: Event): void => {
    event.preventDefault()
    if (id.trim() !== '') location.hash = `#/requests/${encodeURIComponent(id.trim())}`
  }
  return html`
    <h1>${t('requests.title')}</h1>
    <form class="fields" onSubmit=${open}>
      <label
        >${t('requests.id')}<input value=${id} spellcheck=${false} onInput=${(event: Event) => setId(valueOf(event))}
      /></label>
      ${FIELDS.map((name) => html`<label key=${name}>${t(`requests.${name}` as Word)}<input value=${filter[name] ?? ''} onChange=${(event: Event) => change({ [name]: valueOf(event).trim() })} /></label>`)}
      <label class="check"
        ><input
          type="checkbox"
          checked=${filter.failed ?? false}
          onChange=${(event: Event) => change({ failed: (event.target as HTMLInputElement).checked })}
        />${t('requests.failed')}</label
      >
      <label class="check"
        ><input
          type="checkbox"
          checked=${follows}
          onChange=${() => setFollows(!follows)}
        />${t('requests.follow')}</label
      >
      <button>${t('app.search')}</button>
    </form>
    <${Fault} error=${error} />
    ${value && rows.length === 0 && html`<p class="empty">${t('requests.empty')}</p>`}
    ${
      rows.length > 0 &&
      html`<section class="card" aria-label=${t('requests.title')}>
        <${Table}
          is="asked"
          columns=${[t('requests.at'), t('requests.client'), t('requests.model'), t('requests.key'), t('requests.outcome'), [t('requests.tries'), 'num'], [t('requests.waited'), 'num'], [t('requests.first'), 'num'], [t('requests.total'), 'num'], [t('requests.tokens'), 'num'], [t('requests.cost'), 'num']]}
          rows=${rows.map((row) => html`<${Line} key=${row.number} row=${row} />`)}
        />
        ${rows.length >= AT_ONCE && html`<div><button onClick=${more}>${t('requests.more')}</button></div>`}
      </section>`
    }
  `
}

function Line({ row }: { row: StoredRecord }) {
  const tokens = (row.input_tokens ?? 0) + (row.output_tokens ?? 0)
  return html`<tr>
    <td class="nowrap">
      ${row.id === undefined ? clock(row.at) : html`<a href=${`#/requests/${encodeURIComponent(row.id)}`} aria-label=${`${clock(row.at)}: ${t('requests.open', { id: row.id })}`}>${clock(row.at)}</a>`}
    </td>
    <td>${row.client ?? html`<span class="muted">${t('queue.anonymous')}</span>`}</td>
    <td>${row.model}</td>
    <td>${row.key ?? ''}</td>
    <td>
      <span class="state" data-state=${row.outcome === 'ok' ? 'ok' : 'failed'}>${known('outcome', row.outcome)}</span>
    </td>
    <td class="num">${row.attempts}</td>
    <td class="num">${duration(row.queue_ms)}</td>
    <td class="num">${row.first_ms === undefined ? '' : duration(row.first_ms)}</td>
    <td class="num">${duration(row.total_ms)}</td>
    <td class="num">${tokens > 0 ? amount(tokens) : ''}</td>
    <td class="num">${row.cost === undefined ? '' : dollars(row.cost)}</td>
  </tr>`
}
