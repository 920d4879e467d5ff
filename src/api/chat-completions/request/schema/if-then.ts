/** JSON Schema's condition: what fits `condition` must fit `schema` too. */
export function ifThen(condition: object, schema: object): object {
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits it
  return { if: condition, then: schema }
}

/** One condition for each value of a key: plainer messages than a oneOf, which complains about every branch. */
export function byValue(key: string, branches: Record<string, object>): object[] {
  return Object.entries(branches).map(([value, schema]) =>
    ifThen({ required: [key], properties: { [key]: { const: value } } }, schema),
  )
}
