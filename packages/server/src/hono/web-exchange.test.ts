import type { LiveBody, LiveSink } from '../http/exchange.js'
import { ClientGone } from '../http/exchange.js'
import { WebRequest, toResponse } from './web-exchange.js'
import { describe, expect, test, vi } from 'vitest'

function createBody(): {
  body: LiveBody
  sink: () => LiveSink
  onDrain: () => number
  onClose: () => number
} {
  let sink: LiveSink | null = null
  const onDrain = vi.fn()
  const onClose = vi.fn()
  const body: LiveBody = {
    open: (opened) => {
      sink = opened
    },
    onDrain,
    onClose,
  }
  return {
    body,
    sink: () => sink!,
    onDrain: () => onDrain.mock.calls.length,
    onClose: () => onClose.mock.calls.length,
  }
}

describe('toResponse', () => {
  test('a body of pieces is sent as one with its length, and no body has none', async () => {
    const response = toResponse({
      status: 200,
      headers: ['a', 'b'],
      body: [Buffer.from('one'), Buffer.from('two')],
    })
    expect([response.status, response.headers.get('a'), response.headers.get('content-length')]).toEqual([
      200,
      'b',
      '6',
    ])
    expect(await response.text()).toBe('onetwo')
    expect(toResponse({ status: 204, headers: [], body: null }).body).toBeNull()
  })

  test('headers that are repeated are all sent', () => {
    const headers = ['vary', 'accept-encoding', 'vary', 'origin']
    expect(toResponse({ status: 204, headers, body: null }).headers.get('vary')).toBe(
      'accept-encoding, origin',
    )
  })

  test('a live body that is not read is told to wait, and to go on once it is read', async () => {
    const { body, sink, onDrain } = createBody()
    const reader = toResponse({ status: 200, headers: [], body }).body!.getReader()
    expect(sink().write(new Uint8Array(60_000))).toBe(true)
    expect(sink().write(new Uint8Array(60_000))).toBe(false)
    const drained = onDrain()
    await reader.read()
    await reader.read()
    expect(onDrain()).toBeGreaterThan(drained)
    expect(sink().write(new Uint8Array(1))).toBe(true)
  })

  test('a live body that ends ends the response, once', async () => {
    const { body, sink, onClose } = createBody()
    const text = toResponse({ status: 200, headers: [], body }).text()
    sink().write(Buffer.from('last'))
    sink().end()
    sink().end()
    sink().destroy()
    expect(await text).toBe('last')
    expect(onClose()).toBe(1)
    expect(sink().write(Buffer.from('more'))).toBe(false)
  })

  test('a client that cancels closes the live body', async () => {
    const { body, sink, onClose } = createBody()
    await toResponse({ status: 200, headers: [], body }).body!.cancel()
    expect(onClose()).toBe(1)
    expect(sink().write(Buffer.from('late'))).toBe(false)
    sink().end()
  })

  test('a client that does not read is cut off, by the runtime where it can', async () => {
    const broken = createBody()
    const text = toResponse({ status: 200, headers: [], body: broken.body }).text()
    broken.sink().destroy()
    await expect(text).rejects.toThrow('does not read')
    const cut = createBody()
    const cutOff = vi.fn()
    toResponse({ status: 200, headers: [], body: cut.body }, cutOff)
    cut.sink().destroy()
    expect(cutOff).toHaveBeenCalledOnce()
  })
})

describe('WebRequest', () => {
  const open = (body: BodyInit | null, headers: HeadersInit = {}): WebRequest => {
    const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
    return new WebRequest(new Request('http://host:81/a?b', init), '/a?b')
  }

  test('it tells what was asked for', () => {
    const request = open('x', { 'Stream-Seq': '1' })
    expect([request.method, request.target, request.origin]).toEqual(['POST', '/a?b', 'http://host:81'])
    expect([request.header('stream-seq'), request.header('stream-ttl')]).toEqual(['1', undefined])
  })

  test('a body is counted while it comes, and what the count throws ends it', async () => {
    const counted: number[] = []
    const body = (): ReadableStream<Uint8Array> => new Blob(['one', 'two']).stream()
    expect(Buffer.from(await open(body()).readBody((bytes) => void counted.push(bytes))).toString()).toBe(
      'onetwo',
    )
    expect(counted.at(-1)).toBe(6)
    const refuse = (): void => {
      throw new Error('enough')
    }
    await expect(open(body()).readBody(refuse)).rejects.toThrow('enough')
    expect(await open(null).readBody(refuse)).toHaveLength(0)
  })

  test('a body that breaks off is a client that is gone', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    await expect(open(body).readBody(() => undefined)).rejects.toBeInstanceOf(ClientGone)
  })

  test('an abort is heard of, even if it came before', () => {
    const controller = new AbortController()
    const request = new WebRequest(new Request('http://h/', { signal: controller.signal }), '/')
    const run = vi.fn()
    request.onAbort(run)
    controller.abort()
    request.onAbort(run)
    expect(run).toHaveBeenCalledTimes(2)
  })
})
