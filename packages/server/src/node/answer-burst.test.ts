import type { HttpReply } from '../http/exchange.js'
import { IncomingMessage, ServerResponse } from 'node:http'
import type { SharedHead } from './shared-head.js'
import { AnswerBurst } from './answer-burst.js'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'

const response = new ServerResponse(new IncomingMessage(new Socket()))

test('answers leave in their order, each once, 32 at a time or when the turn ends', async () => {
  const sent: number[] = []
  const heads: SharedHead[] = []
  const burst = new AnswerBurst(({ status }, _response, head) => {
    sent.push(status)
    heads.push(head)
  })
  const add = (from: number, to: number): void => {
    for (let status = from; status < to; status++) burst.add({ status, headers: [], body: null }, response)
  }
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
  add(0, 31)
  expect(sent).toEqual([])
  add(31, 70)
  expect(sent).toEqual(upTo(64))
  await new Promise(setImmediate)
  expect(sent).toEqual(upTo(70))
  expect(new Set(heads).size).toBe(3)
  add(70, 71)
  await new Promise(setImmediate)
  expect(sent).toEqual(upTo(71))
})

test('an answer that is ready while others are sent leaves with the next', async () => {
  const sent: number[] = []
  const burst: AnswerBurst = new AnswerBurst(({ status }: HttpReply) => {
    sent.push(status)
    if (status === 0) burst.add({ status: 1, headers: [], body: null }, response)
  })
  burst.add({ status: 0, headers: [], body: null }, response)
  await new Promise(setImmediate)
  expect(sent).toEqual([0])
  await new Promise(setImmediate)
  expect(sent).toEqual([0, 1])
})
