import type { TemplateFunction } from '../../definition/context.ts'
import { isMap } from '../../definition/scope.ts'

/** A map of lists as a list of maps: the first items of all, the second of all, as far as the first list goes. */
export const zip: TemplateFunction = () => (value) => {
  if (!isMap(value)) return value
  const lists = Object.entries(value).flatMap(([key, list]) => (Array.isArray(list) ? [[key, list] as const] : []))
  const [first] = lists
  return first?.[1].map((_: unknown, at: number) =>
    Object.fromEntries(lists.flatMap(([key, list]) => (at < list.length ? [[key, list[at] as unknown]] : []))),
  )
}
