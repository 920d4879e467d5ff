/** Models as this API lists them. */
import type { IncomingHttpHeaders } from 'node:http'
import { pageOf } from '../inbound/page-of.ts'

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

/** As many as asked for, from where the page before has ended; all where nobody asks. */
export function messagesModels(models: readonly Model[], started: number, query: unknown): Record<string, unknown> {
  const { limit, after_id: after } = query as Record<string, unknown>
  const { page, next } = pageOf(models, limit, after)
  const data = page.map((model) => messagesModel(model, started))
  return { data, has_more: next !== undefined, first_id: page[0]?.id ?? null, last_id: page.at(-1)?.id ?? null }
}
