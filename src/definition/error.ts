/** The declarative core: templates and patterns by example over JSON values. This is what it throws at load. */

export type Path = readonly (string | number)[]

/** A fault in a definition, placed by its path in the document; the loader turns the path into file, line and column. */
export class DefinitionError extends Error {
  override name = 'DefinitionError'
  path: Path
  /** Whether the fault is in the key or in the value at `path`. */
  at: 'key' | 'value'
  /** Characters into the scalar's text where the fault begins. */
  offset: number

  constructor(message: string, path: Path, at: 'key' | 'value' = 'value', offset = 0) {
    super(message)
    this.path = path
    this.at = at
    this.offset = offset
  }
}
