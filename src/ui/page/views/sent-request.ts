/** What the page sends, beside what the vendor is sent for it. */
import { html } from 'htm/preact'
import type { ConvertedRequest } from '../../../api/console/page-answers.ts'
import { ask } from '../api.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { t } from '../text.ts'

export interface Sent {
  door: string
  path: string
  model: string
  body: Record<string, unknown>
  /** Who answered, once that is known. */
  provider?: string
  upstream?: string
}

export function SentRequest({ sent }: { sent: Sent }) {
  const { door, path, model, body, provider, upstream } = sent
  const { value, error } = useFetched(
    () =>
      ask<ConvertedRequest>('/v1/admin/convert', { body: { door, model, body, provider, upstream_model: upstream } }),
    JSON.stringify(sent),
  )
  return html`<section class="card" aria-label=${t('play.vendor')}>
    <h2>${t('play.sent')}</h2>
    <pre tabindex="0" class="sent">${`POST ${path}\n\n${shown(body)}`}</pre>
    <h2>${t('play.vendor')}</h2>
    <p class="note">${t('play.vendor.help')}</p>
    <${Fault} error=${error} />
    ${value && html`<pre tabindex="0" class="vendor">${textOf(value)}</pre>`}
    ${value && value.warnings.length > 0 && html`<p class="note">${t('requests.warnings')}: ${value.warnings.join('; ')}</p>`}
  </section>`
}

function textOf({ method, url, headers, body }: ConvertedRequest): string {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `${method} ${url}\n${head.join('\n')}\n\n${shown(body)}`
}

/** Images are long. */
function shown(body: unknown): string {
  return JSON.stringify(
    body,
    (_name, value: unknown) =>
      typeof value === 'string' && value.length > 2000 ? `${value.slice(0, 80)}… (${value.length})` : value,
    2,
  )
}
