import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { H } from '../../server/wire-names.js'
import { StageStream } from './stage-stream.js'

/** A request as the writing methods need it. */
export interface Write {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Answer = readonly [status: number, headers: Record<string, string>]

export function answerPut(
  streams: Map<string, StageStream>,
  path: string,
  { headers, body }: Write,
  response: ServerResponse,
): void {
  const contentType = headers['content-type'] ?? 'application/octet-stream'
  const existing = streams.get(path)
  if (existing !== undefined) {
    const isSame = existing.contentType === contentType && existing.closed === isClosing(headers)
    response.writeHead(isSame ? 200 : 409, describe(existing)).end()
    return
  }
  const stream = new StageStream({ contentType })
  stream.append(body, isClosing(headers))
  streams.set(path, stream)
  response.writeHead(201, describe(stream)).end()
}

/** Answers a POST, and stores what it brought. */
export function answerPost(stream: StageStream, write: Write, response: ServerResponse): void {
  const [status, headers] = applyPost(stream, write)
  response.writeHead(status, headers).end()
}

/** Does what a POST asks for, and says how it would be answered. */
export function applyPost(stream: StageStream, { headers, body }: Write): Answer {
  const producer = readProducer(headers)
  const known = producer === undefined ? undefined : stream.producers.get(producer.id)
  if (producer !== undefined && known?.epoch === producer.epoch && producer.seq <= known.seq)
    return [204, { ...tailOf(stream), ...echo(known.epoch, known.seq) }]
  if (stream.closed && body.length === 0 && isClosing(headers)) return [204, tailOf(stream)]
  if (stream.closed) return [409, tailOf(stream)]
  if (body.length === 0 && !isClosing(headers)) return [400, {}]
  if (body.length > 0 && headers['content-type']?.split(';')[0] !== stream.contentType.split(';')[0])
    return [409, {}]
  if (producer !== undefined) {
    const refusal = refuseProducer(producer, known)
    if (refusal !== undefined) return refusal
  }
  const seq = headers['stream-seq']
  if (typeof seq === 'string') {
    if (seq <= stream.lastSeq) return [409, {}]
    stream.lastSeq = seq
  }
  stream.append(body, isClosing(headers))
  if (producer === undefined) return [204, tailOf(stream)]
  stream.producers.set(producer.id, { epoch: producer.epoch, seq: producer.seq })
  return [body.length === 0 ? 204 : 200, { ...tailOf(stream), ...echo(producer.epoch, producer.seq) }]
}

interface Producer {
  readonly id: string
  readonly epoch: number
  readonly seq: number
}

function readProducer(headers: IncomingHttpHeaders): Producer | undefined {
  const id = headers['producer-id']
  if (typeof id !== 'string') return undefined
  return { id, epoch: Number(headers['producer-epoch']), seq: Number(headers['producer-seq']) }
}

function refuseProducer(
  { epoch, seq }: Producer,
  known: { readonly epoch: number; readonly seq: number } | undefined,
): Answer | undefined {
  if (known !== undefined && epoch < known.epoch) return [403, { [H.producerEpoch]: String(known.epoch) }]
  if (known !== undefined && epoch > known.epoch) return seq === 0 ? undefined : [400, {}]
  const expected = (known?.seq ?? -1) + 1
  if (seq === expected) return undefined
  return [409, { [H.producerExpectedSeq]: String(expected), [H.producerReceivedSeq]: String(seq) }]
}

export function describe(stream: StageStream): Record<string, string> {
  return { [H.contentType]: stream.contentType, ...tailOf(stream) }
}

function tailOf(stream: StageStream): Record<string, string> {
  return { [H.nextOffset]: stream.tail, ...(stream.closed ? { [H.closed]: 'true' } : {}) }
}

function echo(epoch: number, seq: number): Record<string, string> {
  return { [H.producerEpoch]: String(epoch), [H.producerSeq]: String(seq) }
}

function isClosing(headers: IncomingHttpHeaders): boolean {
  return String(headers['stream-closed'] ?? '').toLowerCase() === 'true'
}
