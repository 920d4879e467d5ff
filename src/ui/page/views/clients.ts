/** Who may call: what each may have and has spent, and the keys that are made here. */
import { html } from 'htm/preact'
import { ask, query } from '../api.ts'
import type { LimitState } from '../../../api/console/page-answers.ts'
import { picture } from '../live.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { LimitBar } from '../parts/limit-bar.ts'
import { Table } from '../parts/table.ts'
import { now, useValue } from '../state.ts'
import { amount, dollars, t } from '../text.ts'
import { ClientKeys } from './client-keys.ts'

interface Spent {
  client?: string
  requests: number
  input_tokens: number
  output_tokens: number
  cost: number
}

const DAY = 86_400_000
const EVERY = 10_000

export function Clients() {
  const seen = useValue(picture)
  const since = (days: number): string => new Date(Date.now() - days * DAY).toISOString().slice(0, 10)
  const month = useFetched(() => spent(since(29)), 'month', EVERY)
  const today = useFetched(() => spent(since(0)), 'today', EVERY)
  const limits = Map.groupBy(seen?.scopes.filter(({ kind }) => kind === 'client') ?? [], ({ scope }) => scope)
  const clients = new Set([
    ...[...limits.keys()].flatMap((scope) => (scope.startsWith('client ') ? [scope.slice('client '.length)] : [])),
    ...(month.value ?? []).map(({ client = '' }) => client),
  ])
  const groups = [...limits].filter(([scope]) => !scope.startsWith('client '))
  const of = (list: Spent[] | undefined, name: string): Spent | undefined =>
    list?.find(({ client = '' }) => client === name)
  return html`
    <h1>${t('clients.title')}</h1>
    <${Fault} error=${month.error} />
    ${month.value && clients.size === 0 && html`<p class="empty">${t('clients.none')}</p>`}
    ${
      clients.size > 0 &&
      html`<section class="card" aria-label=${t('clients.title')}>
        <${Table}
          is="spending"
          columns=${[t('clients.name'), [t('clients.today'), 'num'], [t('clients.month'), 'num'], [t('clients.requests'), 'num'], [t('clients.tokens'), 'num'], [t('clients.limits'), 'wide']]}
          rows=${[...clients].sort().map((name) => {
            const all = of(month.value, name)
            return html`<tr key=${name}>
              <th scope="row">${name === '' ? html`<span class="muted">${t('queue.anonymous')}</span>` : name}</th>
              <td class="num">${dollars(of(today.value, name)?.cost ?? 0)}</td>
              <td class="num">${dollars(all?.cost ?? 0)}</td>
              <td class="num">${amount(all?.requests ?? 0)}</td>
              <td class="num">${amount((all?.input_tokens ?? 0) + (all?.output_tokens ?? 0))}</td>
              <td class="wide"><${Bars} limits=${limits.get(`client ${name}`) ?? []} at=${seen?.at ?? 0} /></td>
            </tr>`
          })}
        />
        ${groups.map(
          ([scope, list]) =>
            html`<div key=${scope}>
              <p class="of">${scope}</p>
              <${Bars} limits=${list} at=${seen?.at ?? 0} />
            </div>`,
        )}
      </section>`
    }
    <${ClientKeys} />
  `
}

async function spent(since: string): Promise<Spent[]> {
  return (await ask<{ data: Spent[] }>(`/v1/admin/spend?${query({ by: 'client', since })}`)).data
}

function Bars({ limits, at }: { limits: LimitState[]; at: number }) {
  const time = useValue(now)
  return limits.length === 0
    ? html`<span class="muted">${t('app.none')}</span>`
    : html`<div class="limits">
        ${limits.map((limit) => html`<${LimitBar} key=${limit.limit} limit=${limit} at=${at} now=${time} />`)}
      </div>`
}
