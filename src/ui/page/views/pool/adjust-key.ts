/** What an administrator changes of one key while it serves: a rest for a time, and another weight. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import type { KeyReport } from '../../../../api/console/page-answers.ts'
import { ask } from '../../api.ts'
import { Fault } from '../../parts/fetched.ts'
import { useWork } from '../../parts/work.ts'
import { valueOf } from '../../parts/value-of.ts'
import { duration, t } from '../../text.ts'

/** Seconds. */
const RESTS = [60, 600, 3600, 6 * 3600, 86_400]
const USUAL = '600'

/** Its fields are made when they are asked for: there may be a thousand keys. */
export function Adjust({ state }: { state: KeyReport }) {
  const [isOpen, setOpen] = useState(false)
  return html`<details
    class="adjust"
    open=${isOpen}
    onToggle=${(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}
  >
    <summary aria-label=${t('pool.adjust.label', { key: state.key })}>${t('pool.adjust')}</summary>
    ${isOpen && html`<${Fields} state=${state} />`}
  </details>`
}

function Fields({ state: { key, isSetToRest, weight, configuredWeight } }: { state: KeyReport }) {
  const { isBusy, error, run } = useWork()
  const [seconds, setSeconds] = useState(USUAL)
  const [wanted, setWanted] = useState(String(weight))
  const send = (action: string, body: object): Promise<void> =>
    run(async () => void (await ask(`/v1/scheduler/keys/${encodeURIComponent(key)}/${action}`, { body })))
  const cool = (event: Event): void => {
    event.preventDefault()
    void send('cool', { seconds: Number(seconds) })
  }
  const weigh = (event: Event): void => {
    event.preventDefault()
    void send('weigh', { weight: Number(wanted) })
  }
  const reset = (): void => {
    setWanted(String(configuredWeight))
    void send('weigh', { weight: null })
  }
  return html`<form class="row" onSubmit=${cool}>
      <label
        >${t('pool.cool.for')}
        <select
          aria-label=${t('pool.cool.for.label', { key })}
          value=${seconds}
          onChange=${(event: Event) => setSeconds(valueOf(event))}
        >
          ${RESTS.map((each) => html`<option key=${each} value=${String(each)}>${duration(each * 1000)}</option>`)}
        </select></label
      >
      <button disabled=${isBusy} aria-label=${t('pool.cool.label', { key })}>${t('pool.cool')}</button>
      ${isSetToRest && html`<button type="button" disabled=${isBusy} aria-label=${t('pool.cool.end.label', { key })} onClick=${() => send('cool', { seconds: 0 })}>${t('pool.cool.end')}</button>`}
    </form>
    <form class="row" onSubmit=${weigh}>
      <label
        >${t('pool.weight')}
        <input
          type="number"
          required
          min="0.01"
          max="1000000"
          step="any"
          aria-label=${t('pool.weight.label', { key })}
          value=${wanted}
          onInput=${(event: Event) => setWanted(valueOf(event))}
      /></label>
      <button disabled=${isBusy} aria-label=${t('pool.weigh.label', { key })}>${t('pool.weigh')}</button>
      ${configuredWeight !== undefined && html`<button type="button" disabled=${isBusy} aria-label=${t('pool.weigh.reset.label', { key })} onClick=${reset}>${t('pool.weigh.reset')}</button>`}
    </form>
    <${Fault} error=${error} />`
}
