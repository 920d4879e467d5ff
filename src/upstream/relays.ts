/** What is no chat and goes as it came, but for the model's name: pictures, speech, ranks, by the path that a definition says. */
import { DefinitionError } from '../definition/error.ts'
import { asText } from '../definition/hole.ts'
import { isMap, Scope } from '../definition/scope.ts'
import { templateContext } from '../definition/template.ts'
import type { Template } from '../definition/context.ts'
import type { RelayRequest } from '../chat/request.ts'
import type { FormatDefinition } from './format/format-definition.ts'
import { SHORTEST_SPLICE, spliceBody } from './request/body-splice.ts'
import { fillFrame, REQUEST_SHAPES } from './request/fields.ts'
import { writeForm } from './request/form-body.ts'
import { compileHeaders, fillHeaders } from './request/header-templates.ts'
import { compilePath } from './request/request-parts.ts'
import { TEMPLATE_FUNCTIONS } from './template-functions/index.ts'
import type { RelayWire } from './types.ts'

export function compileRelays(definition: FormatDefinition): RelayWire | undefined {
  const node = definition.relays
  if (node === undefined || node === null) return undefined
  if (!isMap(node)) throw new DefinitionError('relays is a map from what is asked for to a path', ['relays'])
  const scope = Scope.of(REQUEST_SHAPES)
  const context = templateContext(scope, TEMPLATE_FUNCTIONS)
  const paths = new Map<string, Template>()
  for (const [operation, path] of Object.entries(node))
    if (path !== null) paths.set(operation, compilePath(path, context, ['relays', operation]))
  const headers = compileHeaders(definition.request?.headers ?? {}, context, ['request', 'headers'])
  const frame = scope.frame()
  return {
    operations: new Set(paths.keys()),
    encode(request, target) {
      const { relay } = request
      fillFrame(frame, request, target, {})
      const url = target.base_url + asText(paths.get(relay.operation)?.(frame))
      if (relay.form === undefined) {
        const sent = fillHeaders(headers, frame, target, 'application/json')
        return { request: { method: 'POST', url, headers: sent, body: writtenJson(relay, target.model) }, warnings: [] }
      }
      const { pieces, length, type } = writeForm(relay.form, { model: target.model })
      const sent = { ...fillHeaders(headers, frame, target, type), 'content-length': String(length) }
      return { request: { method: 'POST', url, headers: sent, body: '', pieces }, warnings: [] }
    },
  }
}

function writtenJson({ body: source, bytes }: RelayRequest, model: string): string | Uint8Array {
  const body = { ...source, model }
  if (!bytes || bytes.json.length < SHORTEST_SPLICE) return JSON.stringify(body)
  return spliceBody(body, source, bytes) ?? JSON.stringify(body)
}
