import { filled, isRecord } from '../../json-value.ts'

/** Citations as OpenAI writes them, its required keys filled in; OpenAI's schema knows no other kind of annotation. */
export function wireAnnotations(values: unknown): Record<string, unknown>[] {
  if (!Array.isArray(values)) return []
  return values.flatMap((value: unknown) => {
    const citation = isRecord(value) && value['type'] === 'url_citation' ? value['url_citation'] : undefined
    if (!isRecord(citation) || filled(citation['url']) === undefined) return []
    const title = typeof citation['title'] === 'string' ? citation['title'] : ''
    const bounds = { start_index: whole(citation['start_index']), end_index: whole(citation['end_index']) }
    return [{ type: 'url_citation', url_citation: { ...citation, ...bounds, title } }]
  })
}

function whole(value: unknown): number {
  return Number.isInteger(value) ? (value as number) : 0
}
