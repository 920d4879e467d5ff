/** Providers' keys that are added here, encrypted in the data folder; any key is tried with one tiny request. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { ask, Refusal } from '../../api.ts'
import { Fault, useFetched } from '../../parts/fetched.ts'
import { useWork } from '../../parts/work.ts'
import { Table } from '../../parts/table.ts'
import { valueOf } from '../../parts/value-of.ts'
import { duration, t } from '../../text.ts'

export interface ProviderKey {
  id: string
  provider: string
  name: string
  masked: string
  status: string
  why?: string
}

interface Tried {
  ok: boolean
  model?: string
  ms?: number
  why?: string
}

/** @param providers that have a key already */
export function ProviderKeys({ providers }: { providers: string[] }) {
  const { value, error, again } = useFetched(
    async () => (await ask<{ data: ProviderKey[] }>('/v1/admin/provider-keys')).data,
    providers.join(),
  )
  const [provider, setProvider] = useState('')
  const [key, setKey] = useState('')
  const { isBusy, error: failed, run } = useWork()
  const [done, setDone] = useState('')

  const work = (what: () => Promise<unknown>, said: string): Promise<void> =>
    run(async () => {
      setDone('')
      await what()
      setDone(said)
      again()
    })
  const add = (event: Event): void => {
    event.preventDefault()
    const body = { provider: provider.trim(), key: key.trim() }
    // wherever it goes, it does not stay in the page
    setKey('')
    void work(() => ask('/v1/admin/provider-keys', { body }), t('keys.added', { provider: body.provider }))
  }
  const remove = ({ id, name }: ProviderKey): void => {
    if (!confirm(t('keys.remove.sure', { name }))) return
    const path = `/v1/admin/provider-keys/${encodeURIComponent(id)}`
    void work(() => ask(path, { method: 'DELETE' }), t('keys.removed', { name }))
  }
  const isAbsent = [error, failed].some((each) => each instanceof Refusal && each.code === 'no_data_folder')
  return html`<section class="card" aria-label=${t('keys.title')}>
    <h2>${t('keys.title')}</h2>
    <p class="note">${t(isAbsent ? 'keys.absent' : 'keys.help')}</p>
    ${!isAbsent && html`<${Fault} error=${failed ?? error} />`}
    ${done && html`<p class="good" role="status">${done}</p>`}
    ${
      value &&
      value.length > 0 &&
      html`<${Table}
        is="made"
        columns=${[t('pool.key'), t('requests.provider'), t('keys.masked'), t('pool.state'), [t('keys.remove'), 'hidden']]}
        rows=${value.map(
          (each) =>
            html`<tr key=${each.id}>
              <th scope="row">${each.name}</th>
              <td>${each.provider}</td>
              <td><code>${each.masked}</code></td>
              <td>${each.why === undefined ? each.status : `${each.status}: ${each.why}`}</td>
              <td class="num">
                <button
                  disabled=${isBusy}
                  aria-label=${t('keys.remove.label', { name: each.name })}
                  onClick=${() => remove(each)}
                >
                  ${t('keys.remove')}
                </button>
              </td>
            </tr>`,
        )}
      />`
    }
    ${
      !isAbsent &&
      html`<form class="fields" onSubmit=${add} aria-label=${t('keys.add')}>
        <label
          >${t('keys.provider')}<input
            required
            list="providers"
            autocomplete="off"
            value=${provider}
            onInput=${(event: Event) => setProvider(valueOf(event))}
        /></label>
        <datalist id="providers">
          ${providers.map((name) => html`<option key=${name} value=${name}></option>`)}
        </datalist>
        <label
          >${t('keys.key')}<input
            required
            type="password"
            autocomplete="off"
            value=${key}
            onInput=${(event: Event) => setKey(valueOf(event))}
        /></label>
        <button class="main" disabled=${isBusy}>${t('keys.add')}</button>
      </form>`
    }
  </section>`
}

/** One tiny request with a key, and what came of it. */
export function TestButton({ name, tell }: { name: string; tell: (result: string, isGood: boolean) => void }) {
  const [isBusy, setBusy] = useState(false)
  const test = async (): Promise<void> => {
    setBusy(true)
    tell('', true)
    try {
      const tried = await ask<Tried>(`/v1/admin/provider-keys/${encodeURIComponent(name)}/test`, { method: 'POST' })
      const { ok, model = '', ms = 0, why = '' } = tried
      tell(ok ? t('keys.works', { model, time: duration(ms) }) : t('keys.fails', { why }), ok)
    } catch (cause) {
      tell(t('app.failed', { why: cause instanceof Error ? cause.message : String(cause) }), false)
    }
    setBusy(false)
  }
  return html`<button disabled=${isBusy} aria-label=${t('keys.test.label', { key: name })} onClick=${test}>
    ${t('keys.test')}
  </button>`
}
