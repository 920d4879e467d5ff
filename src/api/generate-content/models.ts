/** Models as this API lists them. */
import type { IncomingHttpHeaders } from 'node:http'

/** Clients of this API say so on paths that others have as well. */
export function asksGenerateContent(headers: IncomingHttpHeaders): boolean {
  return headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined
}

export function generateContentModel({ id }: { id: string }): Record<string, unknown> {
  const supportedGenerationMethods = ['generateContent', 'streamGenerateContent', 'countTokens']
  return { name: `models/${id}`, displayName: id, supportedGenerationMethods }
}
