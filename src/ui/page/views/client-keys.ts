/** Clients' keys that are made here: shown once, changed, rotated, revoked. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { ask, Refusal } from '../api.ts'
import { CopyButton } from '../parts/copy-button.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { useWork } from '../parts/work.ts'
import { Table } from '../parts/table.ts'
import { valueOf } from '../parts/value-of.ts'
import { dollars, moment, t, type Word } from '../text.ts'
import { changeOf, entryOf, FIELDS, fieldsOf, NOTHING, type Given, type KeyEntry } from './client-key-fields.ts'

interface ClientKey extends KeyEntry {
  id: string
  status: string
  prefix?: string
  spent?: { day: number; month: number; all: number }
  /** Where it has just been made. */
  key?: string
}

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
  /** The key whose fields are shown to be changed; a new one otherwise. */
  const [changed, setChanged] = useState<ClientKey | undefined>(undefined)
  const { isBusy, error: failed, run } = useWork()

  const done = (work: () => Promise<ClientKey>): Promise<void> =>
    run(async () => {
      const { key, ...rest } = await work()
      setMade(key === undefined ? undefined : { ...rest, key })
      again()
    })
  const path = (id: string): string => `/v1/admin/keys/${encodeURIComponent(id)}`
  const edit = (key: ClientKey | undefined): void => {
    setChanged(key)
    give(key === undefined ? NOTHING : fieldsOf(key))
  }
  const save = (event: Event): void => {
    event.preventDefault()
    void done(async () => {
      const key =
        changed === undefined
          ? await ask<ClientKey>('/v1/admin/keys', { body: entryOf(given) })
          : await ask<ClientKey>(path(changed.id), { method: 'PATCH', body: changeOf(changed, given) })
      edit(undefined)
      return key
    })
  }
  const revoke = ({ id, name }: ClientKey): void => {
    if (confirm(t('clients.revoke.sure', { name }))) void done(() => ask(path(id), { method: 'DELETE' }))
  }
  const isAbsent = error instanceof Refusal && (error.status === 404 || error.code === 'no_data_folder')
  const isAway = failed instanceof Refusal && failed.code === 'no_data_folder'
  const title = changed === undefined ? t('clients.create') : t('clients.change.label', { name: changed.name })
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
        rows=${value.map((key) => html`<${Line} key=${key.id} of=${key} isBusy=${isBusy} edit=${() => edit(key)} rotate=${() => done(() => ask(`${path(key.id)}/rotate`, { method: 'POST' }))} revoke=${() => revoke(key)} />`)}
      />`
    }
    ${
      !isAbsent &&
      html`<form class="fields" onSubmit=${save} aria-label=${title}>
        ${FIELDS.map(
          (name) =>
            html`<label key=${name}
              >${t(`clients.create.${name}` as Word)}<input
                type=${TYPES[name] ?? 'text'}
                min=${TYPES[name] === 'number' ? 0 : undefined}
                step="any"
                required=${name === 'name'}
                disabled=${name === 'name' && changed !== undefined}
                placeholder=${name === 'models' ? t('app.all') : undefined}
                value=${given[name]}
                onInput=${(event: Event) => give({ ...given, [name]: valueOf(event) })}
            /></label>`,
        )}
        <button class="main" disabled=${isBusy}>${title}</button>
        ${changed !== undefined && html`<button type="button" onClick=${() => edit(undefined)}>${t('clients.change.leave')}</button>`}
      </form>`
    }
  </section>`
}

interface LineParts {
  of: ClientKey
  isBusy: boolean
  edit: () => void
  rotate: () => void
  revoke: () => void
}

function Line({ of, isBusy, edit, rotate, revoke }: LineParts) {
  const { name, prefix, status, models, expires, spent } = of
  return html`<tr>
    <th scope="row">${name}</th>
    <td><code>${prefix}…</code></td>
    <td><span class="state" data-state=${status}>${t(`clients.${status}` as Word)}</span></td>
    <td>${models === undefined ? t('app.all') : [models].flat().join(', ')}</td>
    <td class="nowrap">${expires === undefined ? '' : moment(Date.parse(expires))}</td>
    <td class="num">${dollars(spent?.month ?? 0)}</td>
    <td class="nowrap">
      ${
        status !== 'revoked' &&
        html`<button disabled=${isBusy} aria-label=${t('clients.change.label', { name })} onClick=${edit}>
            ${t('clients.change')}
          </button>
          <button disabled=${isBusy} aria-label=${t('clients.rotate.label', { name })} onClick=${rotate}>
            ${t('clients.rotate')}
          </button>
          <button disabled=${isBusy} aria-label=${t('clients.revoke.label', { name })} onClick=${revoke}>
            ${t('clients.revoke')}
          </button>`
      }
    </td>
  </tr>`
}
