/** One of the public models: the first, until another is chosen. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { ask } from '../api.ts'
import { t } from '../text.ts'
import { useFetched } from './fetched.ts'
import { valueOf } from './value-of.ts'

export interface ModelChoice {
  /** Empty while none is known. */
  chosen: string
  models: readonly string[]
  error: Error | undefined
  choose(model: string): void
}

export function useModelChoice(): ModelChoice {
  const { value: models = [], error } = useFetched(
    async () => (await ask<{ data: { id: string }[] }>('/v1/models')).data.map(({ id }) => id),
    'models',
  )
  const [model, choose] = useState('')
  return { chosen: model || models[0] || '', models, error, choose }
}

export function ModelField({ of: { chosen, models, choose } }: { of: ModelChoice }) {
  return html`<label
    >${t('play.model')}<select
      aria-label=${t('play.model')}
      value=${chosen}
      onChange=${(event: Event) => choose(valueOf(event))}
    >
      ${models.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
    </select></label
  >`
}
