/** A binary min-heap of objects that know their place, so that any of them can leave or move in O(log n). */
export interface Placed {
  /** −1 when in no heap. */
  place: number
}

export class Heap<Item extends Placed> {
  private readonly items: Item[] = []
  private readonly before: (a: Item, b: Item) => boolean

  constructor(before: (a: Item, b: Item) => boolean) {
    this.before = before
  }

  get size(): number {
    return this.items.length
  }

  first(): Item | undefined {
    return this.items[0]
  }

  push(item: Item): void {
    item.place = this.items.length
    this.items.push(item)
    this.up(item)
  }

  remove(item: Item): void {
    const { place } = item
    if (place < 0) return
    item.place = -1
    const last = this.items.pop()
    if (!last || last === item) return
    last.place = place
    this.items[place] = last
    this.fix(last)
  }

  fix(item: Item): void {
    this.up(item)
    this.down(item)
  }

  /** In no order. */
  values(): readonly Item[] {
    return this.items
  }

  /** In order, as far as asked for; the heap must not change meanwhile. */
  *inOrder(): Generator<Item> {
    const open = new Heap<Placed & { item: Item }>((a, b) => this.before(a.item, b.item))
    const first = this.items[0]
    if (first) open.push({ item: first, place: -1 })
    for (let next = open.first(); next; next = open.first()) {
      open.remove(next)
      const { place } = next.item
      yield next.item
      for (const child of [2 * place + 1, 2 * place + 2]) {
        const item = this.items[child]
        if (item) open.push({ item, place: -1 })
      }
    }
  }

  private swap(a: Item, b: Item): void {
    const { place } = a
    a.place = b.place
    b.place = place
    this.items[a.place] = a
    this.items[b.place] = b
  }

  private up(item: Item): void {
    while (item.place > 0) {
      const parent = this.items[(item.place - 1) >> 1]
      if (!parent || !this.before(item, parent)) return
      this.swap(item, parent)
    }
  }

  private down(item: Item): void {
    for (;;) {
      const left = this.items[2 * item.place + 1]
      const right = this.items[2 * item.place + 2]
      const child = left && right && this.before(right, left) ? right : left
      if (!child || !this.before(child, item)) return
      this.swap(item, child)
    }
  }
}
