/** Models as this API lists them. */
import type { IncomingHttpHeaders } from 'node:http'
import { pageOf } from '../inbound/page-of.ts'

interface Listed {
  id: string
  gives?: 'vectors'
}

/** Clients of this API say so on paths that others have as well. */
export function asksGenerateContent(headers: IncomingHttpHeaders): boolean {
  return headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined
}

/** As many as asked for, from where the page before has ended; all where nobody asks. */
export function generateContentModels(models: readonly Listed[], query: unknown): Record<string, unknown> {
  const { pageSize, pageToken } = query as Record<string, unknown>
  const { page, next } = pageOf(models, pageSize, pageToken)
  return { models: page.map(generateContentModel), ...(next !== undefined && { nextPageToken: next }) }
}

export function generateContentModel({ id, gives }: Listed): Record<string, unknown> {
  const supportedGenerationMethods =
    gives === 'vectors' ? ['embedContent'] : ['generateContent', 'streamGenerateContent', 'countTokens']
  return { name: `models/${id}`, displayName: id, supportedGenerationMethods }
}
