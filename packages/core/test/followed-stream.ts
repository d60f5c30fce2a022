import type { StreamPath } from '../src/protocol/branded.js'
import type { LiveRead } from '../src/streams/live-batch.js'
import type { Node } from './simulation.js'
import type { OffsetRequest } from '../src/protocol/offset.js'
import type { CollectingReader } from './collecting-reader.js'
import { appendOf, creation, pathOf } from './requests.js'
import { expect } from 'vitest'
import { startNode } from './simulation.js'

/** The stream that the tests of live reads follow. */
export const FOLLOWED: StreamPath = pathOf('a')

export async function follow(
  node: Node,
  reader: CollectingReader,
  offset: OffsetRequest | null = null,
  of: typeof FOLLOWED = FOLLOWED,
): Promise<LiveRead> {
  const outcome = await node.engine.follow(of, offset, reader)
  if (outcome.kind !== 'following') throw new Error(outcome.kind)
  reader.live = outcome.live
  outcome.live.resume()
  await node.environment.settle()
  return outcome.live
}

export async function append(node: Node, ...args: Parameters<typeof appendOf>): Promise<void> {
  expect((await node.engine.append(FOLLOWED, appendOf(...args))).kind).toBe('appended')
  await node.environment.settle()
}

export async function nodeWith(
  body = '',
  over: Parameters<typeof creation>[1] = {},
  limits = {},
): Promise<Node> {
  const node = startNode({ limits })
  await node.engine.create(FOLLOWED, creation(body, over))
  return node
}
