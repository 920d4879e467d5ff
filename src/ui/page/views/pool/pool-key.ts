/** One key of the pool: its state, its limits, what rests, and the switch. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { ask } from '../../api.ts'
import type { KeyReport, LimitState, Rest } from '../../../../api/console/page-answers.ts'
import { Fault } from '../../parts/fetched.ts'
import { useWork } from '../../parts/work.ts'
import { LimitBar } from '../../parts/limit-bar.ts'
import { now, useValue } from '../../state.ts'
import { countdown, known, t } from '../../text.ts'
import { Adjust } from './adjust-key.ts'
import { TestButton } from './provider-keys.ts'

export function Key({
  state,
  limits,
  rests,
  at,
}: {
  state: KeyReport
  limits: LimitState[]
  rests: Rest[]
  at: number
}) {
  const time = useValue(now)
  const { isBusy, error, run } = useWork()
  const [tried, setTried] = useState({ result: '', isGood: true })
  const { key, state: is, inFlight, until, reason, weight, configuredWeight } = state
  const isOff = is === 'disabled'
  const turn = (): Promise<void> =>
    run(async () => {
      await ask(`/v1/scheduler/keys/${encodeURIComponent(key)}/${isOff ? 'enable' : 'disable'}`, { method: 'POST' })
    })
  const own = limits.filter(({ kind }) => kind === 'key' || kind === 'account')
  const byModel = limits.filter(({ kind }) => kind !== 'key' && kind !== 'account')
  return html`<li class="key" data-key=${key} data-state=${is}>
    <div class="key-head">
      <strong>${key}</strong>
      <span class="state" data-state=${is}>${known('state', is)}</span>
      ${until !== undefined && until > time && html`<span class="muted">${t('pool.until', { time: countdown(until - time) })}</span>`}
      ${configuredWeight !== undefined && html`<span class="muted">${t('pool.weight.other', { weight, configured: configuredWeight })}</span>`}
      ${inFlight > 0 && html`<span class="muted">${t('app.inFlight', { n: inFlight })}</span>`}
      <${TestButton} name=${key} tell=${(result: string, isGood: boolean) => setTried({ result, isGood })} />
      <button
        disabled=${isBusy}
        aria-label=${t(isOff ? 'pool.enable.label' : 'pool.disable.label', { key })}
        onClick=${turn}
      >
        ${t(isOff ? 'pool.enable' : 'pool.disable')}
      </button>
    </div>
    <${Adjust} state=${state} />
    ${reason && html`<p class="reason">${state.isSetToRest ? t('pool.rests') : reason}</p>`}
    ${tried.result && html`<p class=${tried.isGood ? 'good' : 'fault'} role="status">${tried.result}</p>`}
    <${Rests} rests=${rests} />
    <${Fault} error=${error} />
    ${own.length > 0 && html`<${Limits} limits=${own} at=${at} />`}
    ${
      byModel.length > 0 &&
      html`<details open=${byModel.length <= 4}>
        <summary>${t('pool.byModel')}</summary>
        <${Limits} limits=${byModel} at=${at} withScope />
      </details>`
    }
  </li>`
}

/** What is not asked now, with the time that is left. */
export function Rests({ rests }: { rests: Rest[] }) {
  const time = useValue(now)
  const lasting = rests.filter(({ until }) => until === undefined || until > time)
  if (lasting.length === 0) return null
  const told = ({ scope, model, until }: Rest): string =>
    `${model ?? scope}: ${until === undefined ? t('state.cooling') : t('pool.until', { time: countdown(until - time) })}`
  return html`<ul class="rests">
    ${lasting.map(
      (rest) =>
        html`<li key=${rest.scope}>
          <span class="state" data-state="cooling">${told(rest)}</span>
          <span class="reason">${rest.reason}</span>
        </li>`,
    )}
  </ul>`
}

export function Limits({ limits, at, withScope }: { limits: LimitState[]; at: number; withScope?: boolean }) {
  const time = useValue(now)
  const groups = Map.groupBy(limits, (limit) => (withScope ? (limit.model ?? limit.scope) : ''))
  return html`<div class="limits">
    ${[...groups].map(
      ([name, list]) =>
        html`<div key=${name}>
          ${name && html`<p class="of">${name}</p>`}
          ${list.map((limit) => html`<${LimitBar} key=${limit.limit} limit=${limit} at=${at} now=${time} />`)}
        </div>`,
    )}
  </div>`
}
