/** One request of the log: what became of it, try by try. */
import { html } from 'htm/preact'
import type { AttemptRecord, StoredRecord } from '../../../../api/console/page-answers.ts'
import { ask, Refusal } from '../../api.ts'
import { Fault, useFetched } from '../../parts/fetched.ts'
import { amount, dollars, duration, known, moment, t } from '../../text.ts'
import { KeptBodies } from './kept-bodies.ts'

export function OneRequest({ id }: { id: string }) {
  const { value, error } = useFetched(() => ask<StoredRecord>(`/v1/admin/requests/${encodeURIComponent(id)}`), id)
  return html`
    <div class="head">
      <h1>${t('requests.detail')}</h1>
      <a href="#/requests">${t('requests.title')}</a>
    </div>
    ${error instanceof Refusal && error.code === 'request_not_found' ? html`<p class="empty">${t('requests.notfound')}</p>` : html`<${Fault} error=${error} />`}
    ${value && html`<${Facts} row=${value} /><${Waterfall} row=${value} /><${KeptBodies} bodies=${value.bodies} /><${Raw} row=${value} />`}
  `
}

function Facts({ row }: { row: StoredRecord }) {
  const facts: [string, unknown][] = [
    [t('requests.id'), html`<code>${row.id}</code>`],
    [t('requests.at'), moment(row.at)],
    [t('requests.client'), row.client ?? t('queue.anonymous')],
    [t('requests.model'), row.model],
    [t('play.route'), row.provider === undefined ? undefined : `${row.provider} / ${row.upstream_model}`],
    [t('requests.key'), row.key],
    [
      t('requests.outcome'),
      html`<span class="state" data-state=${row.outcome === 'ok' ? 'ok' : 'failed'}
        >${known('outcome', row.outcome)}</span
      >`,
    ],
    [t('requests.waited'), duration(row.queue_ms)],
    [t('requests.first'), row.first_ms === undefined ? undefined : duration(row.first_ms)],
    [t('requests.total'), `${duration(row.total_ms)} (${t(row.stream ? 'requests.stream' : 'requests.whole')})`],
    [t('requests.input'), row.input_tokens === undefined ? undefined : amount(row.input_tokens)],
    [t('requests.cached'), row.cached_tokens ? amount(row.cached_tokens) : undefined],
    [t('requests.output'), row.output_tokens === undefined ? undefined : amount(row.output_tokens)],
    [t('requests.reasoning'), row.reasoning_tokens ? amount(row.reasoning_tokens) : undefined],
    [t('requests.cost'), row.cost === undefined ? undefined : dollars(row.cost)],
  ]
  return html`<section class="card" aria-label=${t('requests.detail')}>
    <dl class="facts">
      ${facts
        .filter(([, value]) => value !== undefined)
        .map(
          ([name, value]) =>
            html`<div key=${name}>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
    ${row.error && html`<p class="fault">${t('requests.error')}: ${row.error}</p>`}
    ${row.warnings && row.warnings.length > 0 && html`<p class="note">${t('requests.warnings')}: ${row.warnings.join('; ')}</p>`}
  </section>`
}

function Waterfall({ row }: { row: StoredRecord }) {
  const ends = row.trail.map(({ at_ms, ms }) => at_ms + (ms ?? 0))
  const all = Math.max(1, row.total_ms, ...ends)
  return html`<section class="card" aria-label=${t('requests.waterfall')}>
    <h2>${t('requests.waterfall')}</h2>
    <ul class="legend">
      ${(['wait', 'first', 'rest'] as const).map((part) => html`<li key=${part}><i data-part=${part}></i>${t(`requests.legend.${part}`)}</li>`)}
    </ul>
    <ol class="waterfall">
      ${row.trail.map((attempt, index) => html`<${Try} key=${index} attempt=${attempt} place=${index + 1} all=${all} />`)}
    </ol>
  </section>`
}

function Try({ attempt, place, all }: { attempt: AttemptRecord; place: number; all: number }) {
  const { provider, model, key, at_ms, waited_ms, first_ms, ms = 0, outcome, error } = attempt
  const first = Math.min(ms, first_ms ?? ms)
  const parts: [string, string, number, number][] = [
    ['wait', t('requests.legend.wait'), at_ms - waited_ms, waited_ms],
    ['first', t('requests.legend.first'), at_ms, first],
    ['rest', t('requests.legend.rest'), at_ms + first, ms - first],
  ]
  const told = parts.filter(([, , , length]) => length > 0)
  const share = (time: number): string => `${Math.round((time / all) * 10_000) / 100}%`
  return html`<li data-failed=${outcome === undefined || outcome === 'ok' ? undefined : 'yes'}>
    <span class="who"><strong>${key}</strong> <span class="muted">${provider} / ${model}</span></span>
    <span
      class="track"
      role="img"
      aria-label=${`${t('requests.try', { n: place })}: ${told.map(([, name, , length]) => `${name} ${duration(length)}`).join(', ')}`}
    >
      ${told.map(([part, name, from, length]) => html`<span key=${part} class=${part} title=${`${name}: ${duration(length)}`} style=${{ left: share(Math.max(0, from)), width: share(length) }}></span>`)}
    </span>
    <span>${known('outcome', outcome ?? 'ok')} · ${duration(ms)}</span>
    ${error && html`<p class="fault">${error}</p>`}
  </li>`
}

function Raw({ row }: { row: StoredRecord }) {
  const { bodies: _, ...facts } = row
  return html`<details class="card">
    <summary>${t('requests.raw')}</summary>
    <pre tabindex="0">${JSON.stringify(facts, null, 2)}</pre>
  </details>`
}
