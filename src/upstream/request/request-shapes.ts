/** Most of what a definition can say is about fields that most requests do not have: that is decided once a shape of request. */
import type { FormatDefinition } from '../format/format-definition.ts'
import { knownFields } from './fields.ts'
import { compileParts, type RequestParts } from './request-parts.ts'

/** Shapes beyond these get the templates for any request, so that clients cannot fill the memory. */
const MOST_SHAPES = 32

/** @param shape which fields are there, as `fillFrame` gives it */
export type PartsOf = (shape: number, traits: Record<string, unknown>) => RequestParts

export function compileShapes(
  node: NonNullable<FormatDefinition['request']>,
  general: RequestParts,
  relevant: number,
): PartsOf {
  const known = new Map<Record<string, unknown>, Map<number, RequestParts>>()
  let count = 0
  let last = general
  let lastShape = -1
  let lastTraits: Record<string, unknown> | undefined
  return (given, traits) => {
    const shape = given & relevant
    if (shape === lastShape && traits === lastTraits) return last
    let shapes = known.get(traits)
    if (!shapes) known.set(traits, (shapes = new Map<number, RequestParts>()))
    let parts = shapes.get(shape)
    if (!parts) {
      if (count >= MOST_SHAPES) return general
      shapes.set(shape, (parts = compileParts(node, knownFields(shape, relevant, traits))))
      count++
    }
    last = parts
    lastShape = shape
    lastTraits = traits
    return parts
  }
}
