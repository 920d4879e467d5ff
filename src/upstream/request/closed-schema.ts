/** Vendors with a closed schema refuse a whole request for one field that they do not know. */
import type { ChatRequest } from '../../chat/request.ts'
import { globTest } from '../../runtime/glob.ts'
import { isMap } from '../../definition/scope.ts'

/**
 * Leaves out, with a warning, what OpenAI does not know and this vendor neither. What stands inside `extra_body` goes on: the
 * client means it for this vendor. @param takes globs; absent, nobody knows what the vendor refuses
 */
export function compileClosedSchema(
  name: string,
  takes: string[] | undefined,
): ((request: ChatRequest, warnings: string[]) => ChatRequest) | undefined {
  if (takes === undefined || takes === null) return undefined
  const tests = takes.map((glob) => globTest(glob))
  return (request, warnings) => {
    const meant = request.body['extra_body']
    const unknown = Object.keys(request.extra).filter(
      (field) => !(isMap(meant) && Object.hasOwn(meant, field)) && !tests.some((fits) => fits(field)),
    )
    if (unknown.length === 0) return request
    const extra = { ...request.extra }
    const body = { ...request.body }
    for (const field of unknown) {
      delete extra[field]
      delete body[field]
      warnings.push(`${field}: ${name} does not know it, left out`)
    }
    return { ...request, extra, body }
  }
}
