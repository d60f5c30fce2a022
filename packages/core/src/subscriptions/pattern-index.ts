import type { PatternSegment } from './glob-pattern.js'
import { acceptsSegment } from './glob-pattern.js'

type Partial = Extract<PatternSegment, { kind: 'partial' }>

/** Where patterns with a common beginning have come to. */
interface TrieNode<Owner> {
  readonly literals: Map<string, TrieNode<Owner>>
  one: TrieNode<Owner> | null
  many: TrieNode<Owner> | null
  /** Patterns with an asterisk inside a segment, by their text. */
  readonly partials: Map<string, { readonly part: Partial; readonly node: TrieNode<Owner> }>
  /** True for what a `**` leads to: any further segment stays here. */
  readonly staysHere: boolean
  readonly owners: Map<Owner, number>
}

/**
 * Finds the owners of the patterns that accept a path, without trying the patterns that do not: literal segments
 * are looked up, and only those that a path may still lead to are followed.
 */
export class PatternIndex<Owner> {
  readonly #root: TrieNode<Owner> = newNode(false)

  add(pattern: readonly PatternSegment[], owner: Owner): void {
    let node = this.#root
    for (const part of pattern) node = descend(node, part)
    node.owners.set(owner, (node.owners.get(owner) ?? 0) + 1)
  }

  /** Takes one addition back; does nothing if there was none. */
  remove(pattern: readonly PatternSegment[], owner: Owner): void {
    const trail: (readonly [node: TrieNode<Owner>, part: PatternSegment])[] = []
    let node: TrieNode<Owner> | undefined = this.#root
    for (const part of pattern) {
      trail.push([node, part])
      node = childOf(node, part)
      if (node === undefined) return
    }
    const count = node.owners.get(owner)
    if (count === undefined) return
    if (count > 1) node.owners.set(owner, count - 1)
    else node.owners.delete(owner)
    for (const [parent, part] of trail.reverse()) {
      if (!isEmpty(childOf(parent, part)!)) return
      cutOff(parent, part)
    }
  }

  /** The owners of all patterns that accept the path, each once. */
  match(path: string): Set<Owner> {
    let reached = new Set<TrieNode<Owner>>()
    enter(this.#root, reached)
    for (const segment of path.split('/')) {
      const next = new Set<TrieNode<Owner>>()
      for (const node of reached) {
        if (node.staysHere) enter(node, next)
        const literal = node.literals.get(segment)
        if (literal !== undefined) enter(literal, next)
        if (node.one !== null) enter(node.one, next)
        for (const { part, node: child } of node.partials.values()) {
          if (acceptsSegment(part, segment)) enter(child, next)
        }
      }
      if (next.size === 0) return new Set()
      reached = next
    }
    const owners = new Set<Owner>()
    for (const node of reached) for (const owner of node.owners.keys()) owners.add(owner)
    return owners
  }
}

function newNode<Owner>(staysHere: boolean): TrieNode<Owner> {
  return {
    literals: new Map(),
    one: null,
    many: null,
    partials: new Map(),
    staysHere,
    owners: new Map(),
  }
}

function enter<Owner>(node: TrieNode<Owner>, into: Set<TrieNode<Owner>>): void {
  into.add(node)
  if (node.many !== null) into.add(node.many)
}

function descend<Owner>(node: TrieNode<Owner>, part: PatternSegment): TrieNode<Owner> {
  const existing = childOf(node, part)
  if (existing !== undefined) return existing
  const child = newNode<Owner>(part.kind === 'many')
  switch (part.kind) {
    case 'literal':
      node.literals.set(part.text, child)
      break
    case 'one':
      node.one = child
      break
    case 'many':
      node.many = child
      break
    case 'partial':
      node.partials.set(part.pieces.join('*'), { part, node: child })
  }
  return child
}

function childOf<Owner>(node: TrieNode<Owner>, part: PatternSegment): TrieNode<Owner> | undefined {
  switch (part.kind) {
    case 'literal':
      return node.literals.get(part.text)
    case 'one':
      return node.one ?? undefined
    case 'many':
      return node.many ?? undefined
    case 'partial':
      return node.partials.get(part.pieces.join('*'))?.node
  }
}

function cutOff<Owner>(node: TrieNode<Owner>, part: PatternSegment): void {
  switch (part.kind) {
    case 'literal':
      node.literals.delete(part.text)
      break
    case 'one':
      node.one = null
      break
    case 'many':
      node.many = null
      break
    case 'partial':
      node.partials.delete(part.pieces.join('*'))
  }
}

function isEmpty<Owner>(node: TrieNode<Owner>): boolean {
  const { owners, literals, partials, one, many } = node
  return owners.size === 0 && literals.size === 0 && partials.size === 0 && one === null && many === null
}
