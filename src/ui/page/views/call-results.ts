/** What came of the tools that an answer calls: the reader plays them, and the conversation goes on. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { valueOf } from '../parts/value-of.ts'
import { t } from '../text.ts'
import type { Call } from '../tools.ts'

export function CallResults({ calls, done }: { calls: Call[]; done: (calls: Call[]) => void }) {
  const [results, setResults] = useState<Record<string, string>>({})

  function send(event: Event): void {
    event.preventDefault()
    done(calls.map((call) => ({ ...call, result: results[call.id] ?? '' })))
  }

  return html`<form class="compose results" aria-label=${t('play.results')} onSubmit=${send}>
    ${calls.map(
      ({ id, name }) =>
        html`<label key=${id}
          >${t('play.result', { name })}<input
            value=${results[id] ?? ''}
            onInput=${(event: Event) => setResults({ ...results, [id]: valueOf(event) })}
        /></label>`,
    )}
    <div class="row"><button class="main">${t('play.results.send')}</button></div>
  </form>`
}
