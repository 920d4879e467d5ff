/** Headers that a definition writes, beside those of the provider. */
import type { Template, TemplateContext } from '../../definition/context.ts'
import type { Path } from '../../definition/error.ts'
import { asText } from '../../definition/hole.ts'
import type { Frame } from '../../definition/scope.ts'
import type { Target } from '../types.ts'

/** Names in lower case. */
export type HeaderTemplates = readonly (readonly [name: string, make: Template])[]

export function compileHeaders(node: Record<string, unknown>, context: TemplateContext, at: Path): HeaderTemplates {
  return Object.entries(node)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name.toLowerCase(), context.compile(value, context, [...at, name])] as const)
}

export function fillHeaders(
  templates: HeaderTemplates,
  frame: Frame,
  target: Target,
  contentType: string,
): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': contentType }
  for (const [name, make] of templates) {
    const value = make(frame)
    if (value !== undefined) headers[name] = asText(value)
  }
  for (const name in target.headers) headers[name.toLowerCase()] = target.headers[name] ?? ''
  return headers
}
