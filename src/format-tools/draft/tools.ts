/** Where a request describes its tools, and the template that writes ones like them. */
import { isMap } from '../../definition/scope.ts'
import { whenThen } from './rule.ts'
import { at, mapsOf, put, quoted, type Way } from './leaves.ts'

const SCHEMA = /^(parameters|input_?schema|schema|arguments|params|takes)$/i

export interface ToolsDraft {
  way: Way
  template: unknown
  client: unknown[]
}

export function draftTools(body: Record<string, unknown>): ToolsDraft | undefined {
  const way = Object.keys(body).find((key) => /^(tools|functions|skills)$/i.test(key))
  const list = way === undefined ? undefined : body[way]
  if (way === undefined || !Array.isArray(list) || !isMap(list[0])) return undefined
  const [first] = list
  const inner = mapsOf(first).find(({ map }) => typeof map['name'] === 'string')
  if (!inner) return undefined
  const schema = Object.keys(inner.map).find((key) => SCHEMA.test(key) && isMap(inner.map[key]))
  let item = put(quoted(first), [...inner.way, 'name'], '$name')
  item = put(item, [...inner.way, 'description'], '$description')
  if (schema !== undefined) item = put(item, [...inner.way, schema], '$parameters')
  const client = list.map((tool: unknown) => {
    const map = at(tool, inner.way) as Record<string, unknown>
    const described = { name: map['name'], description: map['description'] }
    return { type: 'function', function: schema === undefined ? described : { ...described, parameters: map[schema] } }
  })
  const when = { name: '$name', description: '$description?', parameters: '$parameters?' }
  return { way: [way], template: [whenThen({ $each: '$tools' }, when, item)], client }
}
