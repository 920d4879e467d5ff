/** Fields of the body under another name, for models that know only the newer one of two. */
import type { RequestTransform } from './request-transform.ts'

/** `{ max_tokens: max_completion_tokens }`: a field that stands under its new name already wins. */
export const renameFields: RequestTransform = (options) => {
  const names = Object.entries(options).map(([from, to]) => [from, String(to)] as const)
  return (request) => {
    if (!names.some(([from]) => Object.hasOwn(request.body, from))) return request
    const body = { ...request.body }
    for (const [from, to] of names) {
      if (!Object.hasOwn(body, from)) continue
      const value = body[from]
      delete body[from]
      body[to] ??= value
    }
    return { ...request, body }
  }
}
