/** Clients' keys that are made here: shown once, rotated, revoked. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { ask, Refusal } from '../api.ts'
import { CopyButton } from '../parts/copy-button.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { useWork } from '../parts/work.ts'
import { Table } from '../parts/table.ts'
import { valueOf } from '../parts/value-of.ts'
import { dollars, moment, t, type Word } from '../text.ts'

interface ClientKey {
  id: string
  name: string
  status: string
  prefix?: string
  models?: string[]
  expires?: string
  spent?: { day: number; month: number; all: number }
  /** Where it has just been made. */
  key?: string
}

const FIELDS = ['name', 'models', 'rpm', 'concurrency', 'usd', 'expires'] as const
type Given = Record<(typeof FIELDS)[number], string>
const NOTHING: Given = { name: '', models: '', rpm: '', concurrency: '', usd: '', expires: '' }
const TYPES: Partial<Record<keyof Given, string>> = {
  rpm: 'number',
  concurrency: 'number',
  usd: 'number',
  expires: 'date',
}

export function ClientKeys() {
  const { value, error, again } = useFetched(
    async () => (await ask<{ data: ClientKey[] }>('/v1/admin/keys')).data,
    'keys',
  )
  const [given, give] = useState(NOTHING)
  const [made, setMade] = useState<ClientKey | undefined>(undefined)
  const { isBusy, error: failed, run } = useWork()

  const done = (work: () => Promise<ClientKey>): Promise<void> =>
    run(async () => {
      const { key, ...rest } = await work()
      setMade(key === undefined ? undefined : { ...rest, key })
      again()
    })
  const create = (event: Event): void => {
    event.preventDefault()
    void done(async () => {
      const key = await ask<ClientKey>('/v1/admin/keys', { body: bodyOf(given) })
      give(NOTHING)
      return key
    })
  }
  const path = (id: string): string => `/v1/admin/keys/${encodeURIComponent(id)}`
  const revoke = ({ id, name }: ClientKey): void => {
    if (confirm(t('clients.revoke.sure', { name }))) void done(() => ask(path(id), { method: 'DELETE' }))
  }
  const isAbsent = error instanceof Refusal && (error.status === 404 || error.code === 'no_data_folder')
  const isAway = failed instanceof Refusal && failed.code === 'no_data_folder'
  return html`<section class="card" aria-label=${t('clients.keys')}>
    <h2>${t('clients.keys')}</h2>
    ${isAbsent || isAway ? html`<p class="note">${t('clients.keys.absent')}</p>` : html`<${Fault} error=${error ?? failed} />`}
    ${
      made?.key !== undefined &&
      html`<div class="newkey" role="status">
        <span>${t('clients.created', { name: made.name })}</span><code class="secret">${made.key}</code
        ><${CopyButton} text=${made.key} />
      </div>`
    }
    ${value && value.length === 0 && html`<p class="note">${t('clients.keys.none')}</p>`}
    ${
      value &&
      value.length > 0 &&
      html`<${Table}
        is="made"
        columns=${[t('clients.name'), t('clients.key'), t('clients.status'), t('requests.model'), t('clients.expires'), [t('clients.month'), 'num'], [t('clients.revoke'), 'hidden']]}
        rows=${value.map((key) => html`<${Line} key=${key.id} of=${key} isBusy=${isBusy} rotate=${() => done(() => ask(`${path(key.id)}/rotate`, { method: 'POST' }))} revoke=${() => revoke(key)} />`)}
      />`
    }
    ${
      !isAbsent &&
      html`<form class="fields" onSubmit=${create} aria-label=${t('clients.create')}>
        ${FIELDS.map(
          (name) =>
            html`<label key=${name}
              >${t(`clients.create.${name}` as Word)}<input
                type=${TYPES[name] ?? 'text'}
                min=${TYPES[name] === 'number' ? 0 : undefined}
                step="any"
                required=${name === 'name'}
                placeholder=${name === 'models' ? t('app.all') : undefined}
                value=${given[name]}
                onInput=${(event: Event) => give({ ...given, [name]: valueOf(event) })}
            /></label>`,
        )}
        <button class="main" disabled=${isBusy}>${t('clients.create')}</button>
      </form>`
    }
  </section>`
}

interface LineParts {
  of: ClientKey
  isBusy: boolean
  rotate: () => void
  revoke: () => void
}

function Line({ of, isBusy, rotate, revoke }: LineParts) {
  const { name, prefix, status, models, expires, spent } = of
  return html`<tr>
    <th scope="row">${name}</th>
    <td><code>${prefix}…</code></td>
    <td><span class="state" data-state=${status}>${t(`clients.${status}` as Word)}</span></td>
    <td>${models?.join(', ') ?? t('app.all')}</td>
    <td class="nowrap">${expires === undefined ? '' : moment(Date.parse(expires))}</td>
    <td class="num">${dollars(spent?.month ?? 0)}</td>
    <td class="nowrap">
      ${
        status !== 'revoked' &&
        html`<button disabled=${isBusy} aria-label=${t('clients.rotate.label', { name })} onClick=${rotate}>
            ${t('clients.rotate')}
          </button>
          <button disabled=${isBusy} aria-label=${t('clients.revoke.label', { name })} onClick=${revoke}>
            ${t('clients.revoke')}
          </button>`
      }
    </td>
  </tr>`
}

/** As under `clients:`. */
function bodyOf({ name, models, rpm, concurrency, usd, expires }: Given): object {
  const globs = models.split(/[\s,]+/).filter((glob) => glob !== '')
  const limits = [
    ...(rpm !== '' ? [{ rpm: Number(rpm) }] : []),
    ...(concurrency !== '' ? [{ concurrency: Number(concurrency) }] : []),
    ...(usd !== '' ? [{ usd: Number(usd), per: 'month', resets: '00:00 UTC' }] : []),
  ]
  return {
    name: name.trim(),
    ...(globs.length > 0 && { models: globs }),
    ...(limits.length > 0 && { limits }),
    ...(expires !== '' && { expires }),
  }
}
