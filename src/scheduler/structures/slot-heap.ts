/**
 * A binary min-heap over slots 0..n−1 whose ranks live in typed arrays outside, so that ten thousand keys cost a few
 * bytes each. Two heaps over the same slots share the arrays: a slot is in one of them or in none, so one grows from the
 * front and the other from the back.
 */
export class SlotHeap {
  size = 0
  private readonly order: Int32Array
  private readonly rank: Float64Array
  private readonly tie: Float64Array
  private readonly places: Int32Array
  /** 0 or 1: which of the two heaps that share `places` this is. */
  private readonly side: number

  constructor(side: 0 | 1, order: Int32Array, places: Int32Array, rank: Float64Array, tie: Float64Array = rank) {
    this.side = side
    this.places = places
    this.rank = rank
    this.tie = tie
    this.order = order
  }

  has(slot: number): boolean {
    const place = this.places[slot] ?? -1
    return place >= 0 && (place & 1) === this.side
  }

  /** The slot of the lowest rank, or −1. */
  first(): number {
    return this.size > 0 ? this.at(0) : -1
  }

  /** The slot at a place of the heap's array, for walks; children of `i` are `2i + 1` and `2i + 2`. */
  at(index: number): number {
    return this.order[this.side === 0 ? index : this.order.length - 1 - index] ?? -1
  }

  /** The first `count` slots by rank, without a look at the others; all of them, where that many are asked for, in no order. */
  foremost(count: number): number[] {
    if (count >= this.size) return Array.from({ length: this.size }, (_, index) => this.at(index))
    const found: number[] = []
    const open = this.size > 0 ? [0] : []
    while (open.length > 0 && found.length < count) {
      let best = 0
      for (let nth = 1; nth < open.length; nth++)
        if (this.before(this.at(open[nth] ?? 0), this.at(open[best] ?? 0))) best = nth
      const index = open[best] ?? 0
      open.splice(best, 1)
      found.push(this.at(index))
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < this.size) open.push(child)
    }
    return found
  }

  push(slot: number): void {
    this.put(this.size, slot)
    this.up(this.size++)
  }

  remove(slot: number): void {
    const index = (this.places[slot] ?? 0) >> 1
    this.places[slot] = -1
    const last = this.at(--this.size)
    if (index === this.size) return
    this.put(index, last)
    this.fix(last)
  }

  /** Restores the order after a slot's rank changed. */
  fix(slot: number): void {
    this.up((this.places[slot] ?? 0) >> 1)
    this.down((this.places[slot] ?? 0) >> 1)
  }

  private put(index: number, slot: number): void {
    this.order[this.side === 0 ? index : this.order.length - 1 - index] = slot
    this.places[slot] = (index << 1) | this.side
  }

  private before(a: number, b: number): boolean {
    const left = this.rank[a] ?? 0
    const right = this.rank[b] ?? 0
    if (left !== right) return left < right
    return (this.tie[a] ?? 0) < (this.tie[b] ?? 0)
  }

  private up(start: number): void {
    let index = start
    const slot = this.at(index)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.before(slot, this.at(parent))) break
      this.put(index, this.at(parent))
      index = parent
    }
    this.put(index, slot)
  }

  private down(start: number): void {
    let index = start
    const slot = this.at(index)
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.size) break
      if (child + 1 < this.size && this.before(this.at(child + 1), this.at(child))) child++
      if (!this.before(this.at(child), slot)) break
      this.put(index, this.at(child))
      index = child
    }
    this.put(index, slot)
  }
}
