/** Models as this API lists them. */
import type { IncomingHttpHeaders } from 'node:http'

interface Model {
  id: string
  /** Seconds since the epoch. */
  created?: number
}

/** Clients of this API say so on paths that others have as well. */
export function asksMessages(headers: IncomingHttpHeaders): boolean {
  return headers['anthropic-version'] !== undefined
}

/** @param started seconds since the epoch, for models of which nobody knows */
export function messagesModel({ id, created }: Model, started: number): Record<string, unknown> {
  const time = new Date((created ?? started) * 1000).toISOString().replace('.000', '')
  return { type: 'model', id, display_name: id, created_at: time }
}

export function messagesModels(models: readonly Model[], started: number): Record<string, unknown> {
  const data = models.map((model) => messagesModel(model, started))
  return { data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
}
