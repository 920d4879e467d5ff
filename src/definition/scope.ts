/** Names that a template may use: each stands for one slot of the frame, an array that is filled while a rule runs. */
import { DefinitionError, type Path } from './error.ts'
import { didYouMean } from './near-miss.ts'

/** Slots by number. Frames are used again between events, which is safe because nothing here waits. */
export type Frame = unknown[]

/** Whether a value fits; what fits is bound in the frame. */
export type Pattern = (value: unknown, frame: Frame) => boolean

/** What is known beforehand of a value's keys, so that a misspelt one is found at load. */
export interface Shape {
  /** The keys that a map may have; any when absent. */
  keys?: Record<string, Shape>
  /** The shape of a list's items. */
  item?: Shape
}

export const ANYTHING: Shape = {}

/** A value that is always the same one; undefined is "nothing to put". */
export interface Known {
  value: unknown
}

interface Name {
  slot: number
  shape: Shape
  /** The name at the root that this one stands for or was bound from. */
  root?: string
  /** What stands in the slot, where that is known beforehand: the slot itself may then be empty. */
  known?: Known
}

/** What one definition shares over all its scopes. */
interface Ledger {
  size: number
  /** Root names that some template reads. */
  used: Set<string>
  /** The lowest slot that was read since `isClosed` began, of what is not known beforehand. */
  lowest: number
}

export class Scope {
  private names = new Map<string, Name>()
  private ledger: Ledger
  private outer: Scope | undefined

  private constructor(ledger: Ledger, outer?: Scope) {
    this.ledger = ledger
    this.outer = outer
  }

  /** A scope whose names are given from outside: slot n holds the n-th. @param known values that some of them always have */
  static of(roots: Record<string, Shape>, known?: ReadonlyMap<string, Known>): Scope {
    const scope = new Scope({ size: 0, used: new Set(), lowest: Infinity })
    for (const [name, shape] of Object.entries(roots)) {
      scope.names.set(name, { slot: scope.ledger.size++, shape, root: name, known: known?.get(name) })
    }
    return scope
  }

  /** A scope inside this one: what a pattern binds there shadows what is outside. */
  inner(): Scope {
    return new Scope(this.ledger, this)
  }

  bind(name: string, shape: Shape = ANYTHING): number {
    const slot = this.ledger.size++
    this.names.set(name, { slot, shape })
    return slot
  }

  read(name: string, path: Path, offset = 0): Readonly<Name> {
    const found = this.find(name)
    if (!found) {
      const near = didYouMean(name, this.inSight(), '$')
      throw new DefinitionError(`unknown hole $${name}${near}`, path, 'value', offset)
    }
    if (found.root !== undefined) this.ledger.used.add(found.root)
    if (!found.known) this.ledger.lowest = Math.min(this.ledger.lowest, found.slot)
    return found
  }

  /** A name for a value that is always the same. */
  know(name: string, known: Known): void {
    this.names.set(name, { slot: this.bind(name), shape: ANYTHING, known })
  }

  /** Asks the pattern that `compile` makes about a plain value that is known: what it binds is known then, too. */
  settle(compile: () => Pattern, { value }: Known): boolean {
    const before = this.ledger.size
    const pattern = compile()
    const frame = this.frame()
    if (!pattern(value, frame)) return false
    for (const name of this.names.values()) if (name.slot >= before) name.known = { value: frame[name.slot] }
    return true
  }

  /** Whether what `compile` makes reads nothing but what it binds itself, and what is known: then the same gives the same. */
  isClosed(compile: () => void): boolean {
    const { ledger } = this
    const { lowest, size } = ledger
    ledger.lowest = Infinity
    compile()
    const isClosed = ledger.lowest >= size
    ledger.lowest = Math.min(lowest, ledger.lowest)
    return isClosed
  }

  slotOf(name: string): number {
    return this.find(name)?.slot ?? -1
  }

  private find(name: string): Name | undefined {
    return this.names.get(name) ?? this.outer?.find(name)
  }

  /** Outer names first. */
  private inSight(): string[] {
    return [...(this.outer?.inSight() ?? []), ...this.names.keys()]
  }

  get used(): ReadonlySet<string> {
    return this.ledger.used
  }

  frame(): Frame {
    return Array.from<unknown>({ length: this.ledger.size })
  }
}

/** Whether a value counts as nothing: wire formats write null and leave out alike. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
