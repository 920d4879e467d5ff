/** Providers, their keys and limits, as they are now. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import type { KeyReport, Picture } from '../../../../api/console/page-answers.ts'
import { past, picture } from '../../live.ts'
import { LimitBar } from '../../parts/limit-bar.ts'
import { Spark } from '../../parts/spark.ts'
import { Table } from '../../parts/table.ts'
import { valueOf } from '../../parts/value-of.ts'
import { now, useValue } from '../../state.ts'
import { known, t } from '../../text.ts'
import { Key, Limits, Rests } from './pool-key.ts'
import { ProviderKeys } from './provider-keys.ts'

export function Pool() {
  const seen = useValue(picture)
  const [filter, setFilter] = useState('')
  if (!seen)
    return html`<h1>${t('pool.title')}</h1>
      <p class="empty">${t('app.loading')}</p>`
  const wanted = filter.trim().toLowerCase()
  const fits = ({ key, provider, state }: KeyReport): boolean =>
    [key, provider, state, known('state', state)].some((text) => text.toLowerCase().includes(wanted))
  const names = [...new Set(seen.keys.map(({ provider }) => provider))]
  const providers = Map.groupBy(seen.keys.filter(fits), ({ provider }) => provider)
  return html`
    <div class="head">
      <h1>${t('pool.title')}</h1>
      <input
        type="search"
        aria-label=${t('pool.filter')}
        placeholder=${t('pool.filter')}
        value=${filter}
        onInput=${(event: Event) => setFilter(valueOf(event))}
      />
    </div>
    ${seen.replicas && html`<p class="note">${seen.replicas.state === 'away' ? t('pool.replicas.away') : t('pool.replicas', { n: seen.replicas.replicas.length })}</p>`}
    ${seen.keyCount > seen.keys.length && html`<p class="note">${t('pool.shown', { shown: seen.keys.length, all: seen.keyCount })}</p>`}
    <${Recent} />
    ${seen.keys.length === 0 && html`<p class="empty">${t('pool.empty')}</p>`}
    ${seen.keys.length > 0 && providers.size === 0 && html`<p class="empty">${t('pool.nothing')}</p>`}
    ${[...providers].map(([name, keys]) => html`<${Provider} key=${name} name=${name} keys=${keys} seen=${seen} />`)}
    <${Models} seen=${seen} />
    <${ProviderKeys} providers=${names} />
  `
}

/** Requests in flight and waiting over the last minutes. */
function Recent() {
  const points = useValue(past)
  if (points.length < 2) return null
  return html`<section class="card spark" aria-label=${t('pool.now')}>
    <${Spark} label=${t('pool.inFlight')} values=${points.map(({ inFlight }) => inFlight)} tone="accent" />
    <${Spark} label=${t('pool.waiting')} values=${points.map(({ queued }) => queued)} tone="warn" />
  </section>`
}

function Provider({ name, keys, seen }: { name: string; keys: KeyReport[]; seen: Picture }) {
  const names = new Set(keys.map(({ key }) => key))
  // an account is named for its provider; a key of its own account has the key's name
  const shared = seen.scopes.filter(
    ({ kind, scope }) =>
      (kind === 'provider' && scope === name) ||
      ((kind === 'account' || kind === 'account-model') && isOf(scope, name) && !names.has(firstWord(scope))),
  )
  const states = Map.groupBy(keys, ({ state }) => state)
  const inFlight = keys.reduce((sum, key) => sum + key.inFlight, 0)
  return html`<section class="card provider" aria-label=${name}>
    <div class="provider-head">
      <h2>${name}</h2>
      <span class="muted">${t('pool.keys', { n: keys.length })}</span>
      <span class="muted">${t('app.inFlight', { n: inFlight })}</span>
      ${[...states].map(([state, list]) => html`<span key=${state} class="state" data-state=${state}>${list.length} ${known('state', state)}</span>`)}
    </div>
    ${
      shared.length > 0 &&
      html`<div class="limits shared">
        <h3>${t('pool.shared')}</h3>
        <${Limits} limits=${shared} at=${seen.at} withScope />
      </div>`
    }
    <${Rests}
      rests=${seen.rests.filter(({ scope, kind }) => (kind === 'provider' && firstWord(scope) === name) || (kind.startsWith('account') && isOf(scope, name)))}
    />
    <ul class="keys">
      ${keys.map((key) => html`<${Key} key=${key.key} state=${key} limits=${seen.scopes.filter(({ scope }) => firstWord(scope) === key.key)} rests=${seen.rests.filter(({ scope, kind }) => kind.startsWith('key-') && firstWord(scope) === key.key)} at=${seen.at} />`)}
    </ul>
  </section>`
}

function Models({ seen }: { seen: Picture }) {
  const time = useValue(now)
  if (seen.pools.length === 0) return null
  return html`<section class="card" aria-label=${t('pool.models')}>
    <h2>${t('pool.models')}</h2>
    <${Table}
      is="serving"
      columns=${[t('pool.model'), [t('pool.candidates'), 'num'], [t('pool.waiting'), 'num'], t('pool.limits')]}
      rows=${seen.pools.map(({ model, candidates, queued }) => {
        const limits = seen.scopes.filter((scope) => scope.kind === 'model' && scope.model === model)
        return html`<tr key=${model}>
          <th scope="row">${model}</th>
          <td class="num">${candidates}</td>
          <td class="num">${queued}</td>
          <td>
            ${
              limits.length > 0 &&
              html`<div class="limits">
                ${limits.map((limit) => html`<${LimitBar} key=${limit.limit} limit=${limit} at=${seen.at} now=${time} />`)}
              </div>`
            }
          </td>
        </tr>`
      })}
    />
  </section>`
}

function firstWord(text: string): string {
  return text.split(' ', 1)[0] ?? ''
}

function isOf(scope: string, provider: string): boolean {
  return scope === provider || (/^[/#@ ]/.test(scope.slice(provider.length)) && scope.startsWith(provider))
}
